// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bindings} from "./Bindings.sol";
import {Demands} from "./Demands.sol";
import {Openings} from "./Openings.sol";
import {Words} from "./Words.sol";

/// @title Answers to demands
/// @notice For each demanded slot anyone may open point leaf, line, header, the cited INTERVAL, its registers and its BINDING
///         in plaintext; who demands for a point that a newer BINDING took from him is rebutted.
/// @dev Against answering in part: every slot has a mark of its own, and all leaves and entries of a slot are one step.
///      Against a correction that buries a demand: it keeps the digest of its run, and is answered with that run's leaves.
///      Nothing is recomputed here: a line that disagrees with its INTERVAL is opened, and then a matter of recompute.
abstract contract Answers is Demands {
    using Words for bytes32;

    /// @notice All that belongs to one slot of a statement.
    struct Opening {
        Openings.Point leaf;
        Openings.Line line;
        Openings.Header header;
        Openings.Interval interval;
        Openings.Registers registers;
        Openings.Binding binding; // not looked at where the INTERVAL cites none
    }

    /// @notice A slot of a demand was opened in the call's data; `missing` are left.
    event SlotOpened(uint256 indexed id, bytes32 indexed point, uint32 slot, uint8 missing);
    /// @notice A BINDING with a higher index gives the point to another account, or, with a zero here, to another zone.
    event DemandRebutted(uint256 indexed id, uint64 bindingIndex, address account);

    /// @notice The run is not the demanded one.
    error RunWrong(bytes32 given, bytes32 demanded);
    /// @notice The demand does not name such a slot, or it is open already.
    error SlotNotMissing(uint256 id, uint256 k);
    /// @notice The point was opened before, and the leaf says that the account has more than the `opened` ones.
    error LeafRepeated(uint256 position, uint256 opened, uint256 accountPoints);
    /// @notice The line does not cite that entry, or the entry is of another point or slot.
    error OpeningWrong(uint64 index, uint64 cited);
    /// @notice The BINDING does not speak against the one that was shown.
    error NoRebuttal(uint64 index, uint64 shown);

    /// @notice Opens one slot of a demand. Anyone may; what is opened proves itself.
    /// @dev Reverts if: the case is no open demand or its time is over; the run is not the demanded one; the slot is not
    ///      missing; the leaf is of another account or, if the demand names one, of another point; it names none, and the leaf
    ///      was opened before while there should be more of the account's; any leaf or entry is not where the statement says;
    ///      an entry is not the cited one, or of another point or slot.
    /// @param id of the case
    /// @param run as it was demanded
    /// @param k which of the four slots
    /// @param opening everything that belongs to it
    function open(uint256 id, Openings.Run calldata run, uint8 k, Opening calldata opening) external {
        Case storage found = _inTime(id, State.Demanded);
        Demand storage made = _demands[id];
        _requireDigest(run, made.runDigest);
        uint256 missing = made.missing;
        if (k >= MAX_SLOTS || missing & (1 << k) == 0) revert SlotNotMissing(id, k);
        (bytes32 point, address account) = (opening.leaf.point, opening.leaf.account);
        if (account != found.account || (point != found.point && found.point != 0)) revert LeafOfAnother(point, account);
        Openings.requirePoint(run, found.runKey, opening.leaf);
        if (found.point == 0) made.leaves = _countLeaf(made.leaves, opening.leaf);
        uint32 slot = _slotAt(made.slots, k);
        _requireOpening(run, slot, opening);
        missing ^= 1 << k;
        made.missing = uint8(missing);
        emit SlotOpened(id, point, slot, uint8(missing));
        if (missing == 0) _finishDemand(id, found, State.Opened);
    }

    /// @notice Ends a demand that rests on a BINDING, by one with a higher index that gives the point to another account or
    ///         zone on that day. Anyone may.
    /// @dev Reverts if: the case is no open demand or its time is over; the run is not the demanded one; the BINDING is not
    ///      in the run's checkpoint; it has no higher index, is of another point, does not cover the day, or agrees.
    /// @param id of the case
    /// @param run as it was demanded
    /// @param binding the newer one
    function rebut(uint256 id, Openings.Run calldata run, Openings.Binding calldata binding) external {
        Case storage found = _inTime(id, State.Demanded);
        Demand storage made = _demands[id];
        _requireDigest(run, made.runDigest);
        uint64 shown = made.bindingIndex;
        address bound = Bindings.accountIn(binding.words, run.input.zone);
        // Without a BINDING shown `shown` is NONE, above which no index lies.
        if (binding.index <= shown || bound == found.account) revert NoRebuttal(binding.index, shown);
        Openings.requireBinding(run.checkpoint, binding);
        Bindings.requireCovers(binding.words, found.point, run.input.day);
        emit DemandRebutted(id, binding.index, bound);
        _finishDemand(id, found, State.Rejected);
    }

    /// @dev Counts a point leaf of a demand that names no point. In any order: who opens the last leaf first must not shut out
    ///      the others. The fourth leaf opens the last slot, so three places are all that is kept.
    function _countLeaf(uint48 leaves, Openings.Point calldata leaf) private pure returns (uint48) {
        (uint256 place, uint256 count, bool repeated) = (uint256(leaf.position) + 1, 0, false);
        for (; count < MAX_SLOTS - 1; ++count) {
            uint256 known = uint16(leaves >> (16 * count));
            if (known == 0) break;
            if (known == place) repeated = true;
        }
        if (!repeated) return count < MAX_SLOTS - 1 ? leaves | uint48(place << (16 * count)) : leaves;
        if (count < leaf.accountPoints) revert LeafRepeated(leaf.position, count, leaf.accountPoints);
        return leaves;
    }

    /// @dev Everything below the point leaf: line, header, INTERVAL, registers, BINDING.
    function _requireOpening(Openings.Run calldata run, uint32 slot, Opening calldata opening) private view {
        uint256 place = Openings.placeOf(slot, run.input.day);
        Openings.requireLine(opening.leaf.linesRoot, place, opening.line);
        Openings.requireHeader(run.input.headersRoot, place, opening.header);
        bytes32[10] calldata interval = opening.interval.words;
        uint64 cited = opening.line.words[1].asUint();
        if (cited != opening.interval.index || interval[0] != opening.leaf.point || interval[1].asUint() != slot) {
            revert OpeningWrong(opening.interval.index, cited);
        }
        Openings.requireInterval(run.checkpoint, opening.interval);
        Openings.requireRegisters(interval[8], opening.registers);
        cited = interval[7].asIndex();
        if (cited == Words.NONE) return;
        if (cited != opening.binding.index || opening.binding.words[Bindings.POINT] != opening.leaf.point) {
            revert OpeningWrong(opening.binding.index, cited);
        }
        Openings.requireBinding(run.checkpoint, opening.binding);
    }

    /// @dev The run is the one that was demanded, to the byte.
    function _requireDigest(Openings.Run calldata run, bytes32 demanded) private pure {
        bytes32 given = _digest(run);
        if (given != demanded) revert RunWrong(given, demanded);
    }
}
