// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rows} from "../settlement/Rows.sol";
import {Bindings} from "./Bindings.sol";
import {Cases} from "./Cases.sol";
import {Openings} from "./Openings.sol";
import {RowProofs} from "./RowProofs.sol";
import {Words} from "./Words.sol";

/// @title Demands: what was withheld is opened in time, or paid for
/// @notice A demand names up to four slots of a point, or of any points of an account. With the last of them opened the deposit goes back; with one missing at
///         the deadline the larger of the day's debit and the fixed sum is paid, and the deposit goes back as well.
/// @dev Against naming a point that is not one's own: a point is named with its leaf, which says the account, or with a
///      BINDING of the run's checkpoint, which a BINDING with a higher index rebuts; a row stands for any point of its
///      account. Against leaves that count more points of an account than there are: a demand that names no point takes
///      every leaf once before it takes one again, so that who owns n points, fewer than four, names n + 1 slots. System accounts have a row and no points, so they may not demand. Against a relayer who shows less than he
///      was given: what a default pays follows from the run alone. Against being paid twice: a default raises
///      the day's remedies to a sum, and what recompute pays later counts against it. Against endless windows: an account
///      demands only within the window it had at its first demand of that sequence, and each slot once. Against a deposit
///      lost or returned twice: it goes back in the one step that makes the state final.
abstract contract Demands is Cases {
    /// @notice What shows that a demand is the account's own, and what a default pays. The row, or that there is none, is
    ///         always shown: who relays a demand cannot make it worth less.
    struct Evidence {
        RowProofs.RowProof rows;
        Openings.Point leaf; // of the named point; account zero: none
        Openings.Binding binding; // of the named point; point zero: none
    }

    /// @notice What a demand has beside its case.
    struct Demand {
        bytes32 runDigest; // keccak256(abi.encode(Openings.Run))
        uint128 slots; // four uint32, 0 for none
        uint64 bindingIndex; // of the BINDING that gives standing, or NONE
        uint8 missing; // bit k: the k-th slot is not opened
        uint48 leaves; // of a demand that names no point: places of the leaves opened so far, each plus one in 16 bits
    }

    /// @dev Until when an account may demand, fixed by its first demand of a sequence.
    struct Window {
        uint64 until;
        uint16 sequence;
    }

    bytes32 private constant DEMAND_TYPEHASH = keccak256(
        "Demand(address account,bytes32 runKey,uint16 sequence,bytes32 point,uint128 slots,uint256 nonce,uint256 deadline)"
    );
    /// @dev Slots that one demand names at most.
    uint256 internal constant MAX_SLOTS = 4;

    address private immutable _supplier;
    address private immutable _fee;
    address private immutable _dust;
    address private immutable _balancing;

    mapping(uint256 id => Demand) internal _demands;
    mapping(bytes32 runAndAccount => Window) private _windows;
    mapping(bytes32 statement => uint256 slots) private _demanded;

    /// @notice A demand waits to be answered until its deadline.
    event DemandMade(
        uint256 indexed id, address indexed account, bytes32 indexed runKey, Case opened, Demand demand
    );
    /// @notice The leaf is of another point or account.
    error LeafOfAnother(bytes32 point, address account);
    /// @notice Nothing was shown that makes the point, or without one the row, the account's.
    error NothingShown(address account, bytes32 point);
    /// @notice A demand names at least one slot.
    error NoSlotNamed();
    /// @notice The slot stands twice in the demand, or was demanded before.
    error SlotDemandedBefore(uint32 slot);
    /// @notice The window that the account had at its first demand has passed.
    error DemandsClosed(uint64 until, uint256 blockTime);
    constructor() {
        (_supplier, _fee) = (escrow.supplier(), escrow.fee());
        (_dust, _balancing) = (escrow.dust(), escrow.balancingAccount());
    }

    /// @notice Demands that slots of a statement be opened. Takes the deposit, keeps a part of the bond, and lengthens the
    ///         account's window so that it can use what is opened.
    /// @dev Reverts if: the claim has no standing; the run is not the last one posted, or the account's window has passed;
    ///      the checkpoint is not the run's; the account is a system account; its row or the lack of it is not shown;
    ///      nothing shown makes the point the account's; a
    ///      slot is outside the day, named twice or demanded before; the account has too many open cases, or no deposit.
    /// @param claim for whom; signed as Demand
    /// @param run the last one posted
    /// @param point metering point, or zero: any point of the account
    /// @param slots up to four uint32 slot numbers, the first in the lowest bits, 0 for none
    /// @param evidence the account's row or its absence; and, with a point named, its leaf or BINDING
    /// @return id number of the case
    function demand(
        Claim calldata claim,
        Openings.Run calldata run,
        bytes32 point,
        uint128 slots,
        Evidence calldata evidence
    ) external returns (uint256 id) {
        bytes32 runKey = _requireRun(run, claim.account);
        _requireStanding(claim, _demandHash(claim, runKey, run.input.sequence, point, slots));
        Case memory opened;
        (opened.account, opened.runKey, opened.sequence) = (claim.account, runKey, run.input.sequence);
        (opened.point, opened.state, opened.deadline) = (point, State.Demanded, _from(_responseTime));
        Demand memory made;
        (opened.sum, made.bindingIndex) = _examine(opened, run, evidence);
        (made.slots, made.missing) = (slots, _spendSlots(opened, slots, run.input.day));
        made.runDigest = _digest(run);
        _requireDemandable(runKey, claim.account, run.input.sequence);
        uint256 before = escrow.remedyOf(runKey, claim.account);
        id = _openCase(opened, opened.sum > before ? opened.sum - before : 0);
        _demands[id] = made;
        emit DemandMade(id, claim.account, runKey, opened, made);
        escrow.takeDeposit(claim.account, _deposit);
        settlement.extendWindow(runKey, claim.account, uint64(opened.deadline + _extraTime));
    }

    /// @dev Pays the default of a demand whose time is over.
    function _default(uint256 id, Case storage found) internal {
        _requireOverdue(id, found);
        _finishDemand(id, found, State.Defaulted);
    }

    /// @dev The one way out of a demand: final state, bond freed, deposit returned, default paid.
    function _finishDemand(uint256 id, Case storage found, State state) internal {
        (address account, uint256 paid) = (found.account, 0);
        _closeCase(found, state);
        escrow.returnDeposit(account, _deposit);
        if (state == State.Defaulted) paid = escrow.payDefault(found.runKey, found.sequence, account, found.sum);
        emit CaseClosed(id, state, paid);
    }

    /// @dev What a default pays, and the BINDING that standing rests on, from what was shown.
    function _examine(Case memory opened, Openings.Run calldata run, Evidence calldata evidence)
        private
        view
        returns (uint96 sum, uint64 bindingIndex)
    {
        address account = opened.account;
        uint256 debit = _debit(account, run, evidence.rows);
        (sum, bindingIndex) = (uint96(debit > _fixedSum ? debit : _fixedSum), Words.NONE);
        bool shown = opened.point == 0 && _hasRow(account, evidence.rows);
        if (evidence.leaf.account != address(0)) {
            if (evidence.leaf.account != account || evidence.leaf.point != opened.point) {
                revert LeafOfAnother(evidence.leaf.point, evidence.leaf.account);
            }
            Openings.requirePoint(run, opened.runKey, evidence.leaf);
            shown = true;
        } else if (evidence.binding.words[Bindings.POINT] != 0) {
            Openings.requireBinding(run.checkpoint, evidence.binding);
            Bindings.requireCovers(evidence.binding.words, opened.point, run.input.day);
            address bound = Bindings.accountIn(evidence.binding.words, run.input.zone);
            if (bound != account) revert BoundToAnother(bound, account);
            bindingIndex = evidence.binding.index;
            shown = true;
        }
        if (!shown) revert NothingShown(account, opened.point);
    }

    /// @dev What the row takes from the account: what it owes, up to the cap of its mandate; nothing without a row.
    function _debit(address account, Openings.Run calldata run, RowProofs.RowProof calldata proof)
        private
        view
        returns (uint256 debit)
    {
        address[4] memory system = [_supplier, _fee, _dust, _balancing];
        int256 net = RowProofs.netOf(proof, run.rowsRoot, account, system);
        if (net >= 0) return 0;
        debit = uint256(-net);
        uint256 cap = escrow.capOn(account, run.input.day);
        if (debit > cap) debit = cap;
    }

    /// @dev Whether the account's row is among the opened ones.
    function _hasRow(address account, RowProofs.RowProof calldata proof) private pure returns (bool) {
        for (uint256 i = 0; i < proof.chunks.length; ++i) {
            bytes32[] calldata rows = proof.chunks[i].rows;
            for (uint256 j = 0; j < rows.length; ++j) {
                if (Rows.accountOf(rows[j]) == account) return true;
            }
        }
        return false;
    }

    /// @dev Marks the slots as demanded and returns a bit for each that is named.
    function _spendSlots(Case memory opened, uint128 slots, uint32 day) private returns (uint8 missing) {
        bytes32 statement = keccak256(abi.encode(opened.runKey, opened.sequence, opened.account, opened.point));
        uint256 demanded = _demanded[statement];
        for (uint256 k = 0; k < MAX_SLOTS; ++k) {
            uint32 slot = _slotAt(slots, k);
            if (slot == 0) continue;
            uint256 bit = 1 << Openings.placeOf(slot, day);
            if (demanded & bit != 0) revert SlotDemandedBefore(slot);
            demanded |= bit;
            missing |= uint8(1 << k);
        }
        if (missing == 0) revert NoSlotNamed();
        _demanded[statement] = demanded;
    }

    /// @dev Fixes the window of an account's demands at its first one of a sequence, and requires it to be open.
    function _requireDemandable(bytes32 runKey, address account, uint16 sequence) private {
        Window storage window = _windows[keccak256(abi.encode(runKey, account))];
        if (window.until == 0 || window.sequence != sequence) {
            (window.until, window.sequence) = (settlement.disputableUntil(runKey, account), sequence);
        } else if (block.timestamp >= window.until) {
            revert DemandsClosed(window.until, block.timestamp);
        }
    }

    /// @dev keccak256(abi.encode(run)): a run has fields of fixed size only, so its encoding stands in calldata.
    function _digest(Openings.Run calldata run) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            calldatacopy(p, run, 448)
            digest := keccak256(p, 448)
        }
    }

    /// @dev The k-th of the packed slots.
    function _slotAt(uint128 slots, uint256 k) internal pure returns (uint32) {
        return uint32(slots >> (32 * k));
    }

    /// @dev EIP-712 struct hash of the signed message.
    function _demandHash(Claim calldata claim, bytes32 runKey, uint16 sequence, bytes32 point, uint128 slots)
        private
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(DEMAND_TYPEHASH, claim.account, runKey, sequence, point, slots, claim.nonce, claim.deadline)
        );
    }
}
