// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IRecomputation} from "../../interfaces/IRecomputation.sol";
import {Amounts} from "./Amounts.sol";
import {Cases} from "./Cases.sol";
import {Openings} from "./Openings.sol";
import {Statements} from "./Statements.sol";

/// @title Contests: energy that the log itself has wrong
/// @notice Tier 1. A record was transcribed otherwise than its signed bytes say, a binding is wrong, a substitute value is:
///         nothing of that can be recomputed from the log, so the meter-data responsible answers. His silence upholds the
///         claim of who holds signed bytes, and sends any other to the panel; his rejection can be appealed.
/// @dev Against absurd energy: what a case pays is computed with the posted trade and prices when it is opened, and refused
///      above `contestLimit`, so that no later claim about the slot inherits more; a slot and direction has at most
///      `maxSlotWh`. Against asking again: a slot is contested once per sequence. Against a correction that buries a case: a
///      case closes as CORRECTED only when a later sequence stands, its slot may then be contested again, and the account's
///      window is lengthened for that; corrections have a last day, cases do not. `signedBytes` is a promise that the bytes
///      behind `evidenceHash` exist; who lies about it wins by silence alone, and at most the limit.
abstract contract Contests is Cases, AccessManaged {
    /// @notice What the account says instead.
    struct Finding {
        uint40 importWh; // of the line's slot
        uint40 exportWh;
        bytes32 evidenceHash; // sha256 of what it goes to show, kept off chain
        bool signedBytes; // the evidence holds bytes that the meter signed
    }

    /// @notice What a contest has beside its case.
    struct Contest {
        uint32 slot;
        uint40 importWh;
        uint40 exportWh;
        bool signedBytes;
        uint8 upholds; // votes of the panel
        uint8 rejects;
    }

    bytes32 private constant CONTEST_TYPEHASH = keccak256(
        "Contest(address account,bytes32 runKey,uint16 sequence,bytes32 point,uint32 slot,uint40 importWh,uint40 exportWh,bytes32 evidenceHash,bool signedBytes,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant APPEAL_TYPEHASH =
        keccak256("Appeal(address account,uint256 caseId,uint256 nonce,uint256 deadline)");

    /// @notice Takes the energy that an upheld case found, and pays.
    IRecomputation public immutable recomputation;

    mapping(uint256 id => Contest) internal _contests;
    mapping(bytes32 statement => uint256 slots) private _contested;

    /// @notice A slot's energy is contested; the meter-data responsible has until the case's deadline.
    event ContestMade(
        uint256 indexed id,
        address indexed account,
        bytes32 indexed runKey,
        Case opened,
        Contest contest,
        bytes32 evidenceHash
    );
    /// @notice The meter-data responsible answered; `rulingHash` is of the reasons.
    event CaseAnswered(uint256 indexed id, bool uphold, bytes32 rulingHash);
    /// @notice The case is before the panel until `deadline`: appealed, or not answered.
    event CaseAtPanel(uint256 indexed id, bool appealed, uint64 deadline);

    /// @notice The point leaf names another account.
    error PointOfAnother(bytes32 point, address account);
    /// @notice The case is another account's.
    error CaseOfAnother(uint256 id, address account);
    /// @notice More energy than a slot can have.
    error EnergyTooLarge(uint40 importWh, uint40 exportWh, uint256 max);
    /// @notice The claimed energy gives no more than what is posted.
    error NothingOwed(int256 recomputed, int256 posted);
    /// @notice The claimed energy gives more than a case may pay. Less of it can be claimed.
    error AboveContestLimit(uint256 sum, uint256 limit);
    /// @notice The slot was contested before under this sequence.
    error SlotContestedBefore(bytes32 point, uint256 slot);

    constructor(IRecomputation recomputation_) {
        recomputation = recomputation_;
    }

    /// @notice Contests the energy of one slot of a statement.
    /// @dev Reverts if: the claim has no standing; the run is not the last one posted, or the account's window has passed;
    ///      the checkpoint is not the run's; point, line or header is not the run's; the point is another account's; the
    ///      energy is too large, or gives no more than posted or more than a case may pay; the slot was contested before; the
    ///      account has too many open cases.
    /// @param claim for whom; signed as Contest
    /// @param statement run, point leaf, line and header of the slot
    /// @param finding what the account says instead
    /// @return id number of the case
    function contest(Claim calldata claim, Statements.Statement calldata statement, Finding calldata finding)
        external
        returns (uint256 id)
    {
        bytes32 runKey = _requireRun(statement.run, claim.account);
        Statements.Slot memory posted;
        Statements.open(posted, statement, runKey);
        if (posted.owner != claim.account) revert PointOfAnother(posted.point, posted.owner);
        _requireStanding(claim, _contestHash(claim, posted, finding));
        _spendSlot(posted);
        Case memory opened;
        (opened.account, opened.runKey, opened.sequence) = (claim.account, runKey, statement.run.input.sequence);
        (opened.point, opened.state, opened.deadline) = (posted.point, State.AtMeterData, _from(_meterDataTime));
        opened.sum = _owed(posted, finding);
        id = _openCase(opened, opened.sum);
        Contest memory made =
            Contest(uint32(posted.slot), finding.importWh, finding.exportWh, finding.signedBytes, 0, 0);
        _contests[id] = made;
        emit ContestMade(id, claim.account, runKey, opened, made, finding.evidenceHash);
    }

    /// @notice Answers a contest. Meter-data responsible only.
    /// @dev Reverts if: the caller lacks the role; the case waits for no answer or its time is over. Closes the case as
    ///      CORRECTED instead if a later sequence stands.
    /// @param id of the case
    /// @param uphold whether the claimed energy is right
    /// @param rulingHash sha256 of the reasons
    function answer(uint256 id, bool uphold, bytes32 rulingHash) external restricted {
        Case storage found = _inTime(id, State.AtMeterData);
        if (_closeCorrected(id, found)) return;
        emit CaseAnswered(id, uphold, rulingHash);
        if (uphold) return _uphold(id, found);
        (found.state, found.deadline) = (State.Answered, _from(_appealTime));
    }

    /// @notice Brings a rejected contest before the panel.
    /// @dev Reverts if: the claim is not the case's account's or has no standing; the case was not answered or its time is
    ///      over. Closes the case as CORRECTED instead if a later sequence stands.
    /// @param claim for whom; signed as Appeal
    /// @param id of the case
    function appeal(Claim calldata claim, uint256 id) external {
        Case storage found = _inTime(id, State.Answered);
        if (claim.account != found.account) revert CaseOfAnother(id, found.account);
        _requireStanding(
            claim, keccak256(abi.encode(APPEAL_TYPEHASH, claim.account, id, claim.nonce, claim.deadline))
        );
        if (!_closeCorrected(id, found)) _sendToPanel(id, found, true);
    }

    /// @dev Moves a contest on whose party was silent, or closes it if a later sequence stands.
    function _moveOn(uint256 id, Case storage found) internal {
        if (_closeCorrected(id, found)) return;
        _requireOverdue(id, found);
        State state = found.state;
        if (state == State.Answered) return _reject(id, found);
        if (state == State.AtMeterData && !_contests[id].signedBytes) return _sendToPanel(id, found, false);
        _uphold(id, found);
    }

    /// @dev Final: the energy is taken as claimed, and paid at once.
    function _uphold(uint256 id, Case storage found) internal {
        _closeCase(found, State.Upheld);
        Contest storage made = _contests[id];
        uint256 paid = recomputation.establish(
            found.runKey,
            found.sequence,
            found.point,
            made.slot,
            found.account,
            made.importWh,
            made.exportWh,
            found.sum
        );
        emit CaseClosed(id, State.Upheld, paid);
    }

    /// @dev Final: nothing is owed.
    function _reject(uint256 id, Case storage found) internal {
        _closeCase(found, State.Rejected);
        emit CaseClosed(id, State.Rejected, 0);
    }

    /// @dev Final, if a later sequence than the contested one stands: that one may be contested in turn.
    function _closeCorrected(uint256 id, Case storage found) internal returns (bool) {
        (uint16 latest,) = settlement.latestSequence(found.runKey);
        if (latest == found.sequence) return false;
        _closeCase(found, State.Corrected);
        settlement.extendWindow(found.runKey, found.account, _from(_responseTime));
        emit CaseClosed(id, State.Corrected, 0);
        return true;
    }

    function _sendToPanel(uint256 id, Case storage found, bool appealed) private {
        uint64 deadline = _from(_panelTime);
        (found.state, found.deadline) = (State.AtPanel, deadline);
        emit CaseAtPanel(id, appealed, deadline);
    }

    /// @dev Marks a slot of a statement as contested.
    function _spendSlot(Statements.Slot memory posted) private {
        bytes32 key = keccak256(abi.encode(posted.runKey, posted.sequence, posted.point));
        uint256 bit = 1 << (posted.slot % Openings.SLOTS_PER_DAY);
        uint256 contested = _contested[key];
        if (contested & bit != 0) revert SlotContestedBefore(posted.point, posted.slot);
        _contested[key] = contested | bit;
    }

    /// @dev What the claimed energy gives beyond the posted amount, with the trade and prices of line and header, within the
    ///      limits of a case.
    function _owed(Statements.Slot memory posted, Finding calldata finding) private view returns (uint96) {
        (uint40 importWh, uint40 exportWh) = (finding.importWh, finding.exportWh);
        if (importWh > _maxSlotWh || exportWh > _maxSlotWh) revert EnergyTooLarge(importWh, exportWh, _maxSlotWh);
        (posted.energy.importWh, posted.energy.exportWh) = (importWh, exportWh);
        int256 recomputed = Amounts.amountOf(posted.energy, posted.prices);
        if (recomputed <= posted.posted) revert NothingOwed(recomputed, posted.posted);
        uint256 sum = uint256(recomputed - posted.posted);
        if (sum > _contestLimit) revert AboveContestLimit(sum, _contestLimit);
        return uint96(sum);
    }

    /// @dev EIP-712 struct hash of the signed message: six words, then the finding's four, then nonce and deadline. The latter
    ///      stand in calldata in that order; whoever reads the finding's members afterwards refuses dirty ones.
    function _contestHash(Claim calldata claim, Statements.Slot memory posted, Finding calldata finding)
        private
        pure
        returns (bytes32 structHash)
    {
        bytes memory head = abi.encode(
            CONTEST_TYPEHASH, claim.account, posted.runKey, posted.sequence, posted.point, posted.slot
        );
        assembly ("memory-safe") {
            // Laid behind the head, beyond the free memory pointer, and not kept.
            calldatacopy(add(head, 224), finding, 128)
            calldatacopy(add(head, 352), add(claim, 32), 64)
            structHash := keccak256(add(head, 32), 384)
        }
    }
}
