// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRecordAnchor} from "../../interfaces/IRecordAnchor.sol";
import {Bindings} from "./Bindings.sol";
import {Cases} from "./Cases.sol";
import {Openings} from "./Openings.sol";

/// @title Days that were never posted
/// @notice A day without a run debits nobody, and pays the fixed sum to every account that was bound on it. It can no longer
///         be posted by then, so nothing has to be weighed: one action, paid at once.
/// @dev Against claims for days that could not be posted: they lie after the deployment, and the BINDING stood in a
///      checkpoint that was anchored while the day could still be posted. Against claiming twice: the escrow's ledger knows
///      what was paid for a zone's day. A BINDING that a newer one replaced still pays its account: an index shows that
///      something newer exists, but nobody has to bring it; it costs the operator one fixed sum for a day he did not post.
abstract contract Unposted is Cases {
    bytes32 private constant UNPOSTED_TYPEHASH =
        keccak256("UnpostedClaim(address account,bytes32 zone,uint32 day,uint256 nonce,uint256 deadline)");

    /// @notice First UTC day that this deployment answers for.
    uint32 public immutable firstDay;
    uint64 private immutable _postingLag;

    /// @notice A zone's day without a run was claimed.
    event UnpostedClaimed(bytes32 indexed runKey, address indexed account, bytes32 zone, uint32 day, uint256 paid);

    /// @notice The day had begun when this contract was deployed.
    error DayBeforeDeployment(uint32 day, uint32 firstDay);
    /// @notice The day can still be posted.
    error DayCanStillBePosted(uint256 until, uint256 blockTime);
    /// @notice The day is posted.
    error DayIsPosted(bytes32 runKey, uint16 sequence);
    /// @notice The checkpoint was not anchored while the day could be posted.
    error AnchoredTooLate(uint64 anchoredAt, uint256 until);
    /// @notice The account was paid for that day already, or the fixed sum is nothing.
    error NothingToPay(bytes32 runKey, address account);

    constructor() {
        firstDay = uint32(block.timestamp / 1 days) + 1;
        _postingLag = settlement.postingLag();
    }

    /// @notice Pays the fixed sum for a day that was not posted within the lag.
    /// @dev Reverts if: the claim has no standing; the day lies before the deployment, can still be posted or is posted; the
    ///      checkpoint is not anchored or was anchored too late; the BINDING is not in it, or not of that account, zone and
    ///      day; the account was paid for the day before.
    /// @param claim for whom; signed as UnpostedClaim
    /// @param zone community zone
    /// @param day UTC day number
    /// @param checkpoint that covers the BINDING
    /// @param binding of any point of the account
    function claimUnposted(
        Claim calldata claim,
        bytes32 zone,
        uint32 day,
        IRecordAnchor.Checkpoint calldata checkpoint,
        Openings.Binding calldata binding
    ) external {
        _requireStanding(
            claim,
            keccak256(abi.encode(UNPOSTED_TYPEHASH, claim.account, zone, day, claim.nonce, claim.deadline))
        );
        bytes32 runKey = _requireUnposted(zone, day, checkpoint);
        Openings.requireBinding(checkpoint, binding);
        Bindings.requireCovers(binding.words, binding.words[Bindings.POINT], day);
        address bound = Bindings.accountIn(binding.words, zone);
        if (bound != claim.account) revert BoundToAnother(bound, claim.account);
        uint256 paid = escrow.payDefault(runKey, 0, claim.account, _fixedSum);
        if (paid == 0) revert NothingToPay(runKey, claim.account);
        emit UnpostedClaimed(runKey, claim.account, zone, day, paid);
    }

    /// @dev The day has no run and can no longer get one; the checkpoint was there while it could.
    function _requireUnposted(bytes32 zone, uint32 day, IRecordAnchor.Checkpoint calldata checkpoint)
        private
        view
        returns (bytes32 runKey)
    {
        if (day < firstDay) revert DayBeforeDeployment(day, firstDay);
        uint256 until = (uint256(day) + 1) * 1 days + _postingLag;
        if (block.timestamp <= until) revert DayCanStillBePosted(until, block.timestamp);
        runKey = settlement.runKeyOf(zone, day);
        (uint16 sequence, bool posted) = settlement.latestSequence(runKey);
        if (posted) revert DayIsPosted(runKey, sequence);
        if (!recordAnchor.isAnchored(checkpoint)) revert CheckpointWrong(checkpoint.seq, checkpoint.seq);
        if (checkpoint.anchoredAt > until) revert AnchoredTooLate(checkpoint.anchoredAt, until);
    }
}
