// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Amounts} from "./Amounts.sol";
import {Bindings} from "./Bindings.sol";
import {Facts} from "./Facts.sol";
import {FactWords} from "./FactWords.sol";
import {Openings} from "./Openings.sol";
import {Statements} from "./Statements.sol";
import {Words} from "./Words.sol";

/// @title Ground 1: energy other than the log's
/// @notice The INTERVAL that a line cites says other energy; a better one stands in the run's checkpoint; registers of a
///         valid slot give other energy; the point was another account's that day.
abstract contract EnergyGround is Facts {
    using Statements for Statements.Slot;
    using Words for bytes32;

    /// @notice The line cites another INTERVAL, and the one given is not shown to be better.
    error IntervalNotBetter(uint256 given, uint256 cited);
    /// @notice Registers give a slot's energy only where its quality is 0 (valid).
    error QualityNotValid(uint256 quality);
    /// @notice The BINDING is neither the cited one nor a later one.
    error BindingNotBetter(uint256 given, uint256 cited);
    /// @notice The registers are of another meter than the BINDING's.
    error MeterOfAnother(bytes32 meterSerialHash);
    /// @notice A register fell by more than a rollover, or a multiplier divides by zero.
    error RegistersImpossible(uint256 start, uint256 end, uint256 multiplierDen);

    // Places of the fields of an INTERVAL.
    uint256 private constant POINT_WORD = 0;
    uint256 private constant SLOT_WORD = 1;
    uint256 private constant IMPORT_WORD = 2;
    uint256 private constant EXPORT_WORD = 3;
    uint256 private constant QUALITY_WORD = 4;
    uint256 private constant VERSION_WORD = 5;
    uint256 private constant SUPERSEDES_WORD = 6;
    uint256 private constant BINDING_WORD = 7;
    uint256 private constant COMMITMENT_WORD = 8;

    /// @notice The line's energy is other than that of the INTERVAL which counts: the cited one, or one that supersedes it.
    ///         The account, its delegate, or anyone with its signature over Claim(..., ground 1, ...).
    /// @dev An INTERVAL that names the cited one as superseded is better by itself. Any other is better than an entry outside
    ///      the checkpoint, and better than a `cited` entry that is opened and has a lower version, or the same and stands
    ///      behind it, or is no INTERVAL of this point and slot. Reverts if: the run is not the last one or its window has
    ///      passed; a proof fails; the claim lacks standing; the INTERVAL is another's or not the one that counts; nothing is
    ///      lacking.
    /// @param claim for whom
    /// @param statement the slot
    /// @param interval the INTERVAL that counts
    /// @param cited the entry that the line cites, where that has to be shown; else empty
    function energy(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Interval calldata interval,
        Openings.Entry[] calldata cited
    ) external {
        Case memory c;
        _openOwn(c, claim, statement, ENERGY);
        if (cited.length == 0) {
            _requireCitedOrNext(c, interval);
        } else {
            Openings.requireEntry(statement.run.checkpoint, cited[0]);
            _requireBetter(c, interval, cited[0]);
        }
        _takeInterval(c, statement, interval);
        _settle(c, ENERGY);
    }

    /// @notice The BINDING which counts gives the slot another account; or, with registers, the INTERVAL is valid and its
    ///         registers give other energy than the line with the BINDING's multiplier and reversal. The BINDING is the one
    ///         that the INTERVAL cites, or a later one of the point that covers the day. Who only the BINDING names was
    ///         posted nothing. Who the point leaf names is owed nothing where the BINDING names another, or another zone.
    /// @dev Reverts as {energy} does, and if: the BINDING is another point's or day's, or neither cited nor later; quality is
    ///      not 0, the registers are not those committed to, or of another meter than the BINDING names.
    /// @param claim for whom, of ground 1
    /// @param statement the slot
    /// @param interval the INTERVAL that the line cites, or one that names it as superseded
    /// @param binding the BINDING that counts
    /// @param registers that the INTERVAL commits to, or none
    function energyOfBinding(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Interval calldata interval,
        Openings.Binding calldata binding,
        Openings.Registers[] calldata registers
    ) external {
        Case memory c;
        _open(c, claim, statement, ENERGY, 0);
        _requireCitedOrNext(c, interval);
        _takeInterval(c, statement, interval);
        uint64 cited = interval.words[BINDING_WORD].asIndex();
        // A citation that leads nowhere is behind every BINDING.
        if (binding.index < cited && cited < c.slot.size) revert BindingNotBetter(binding.index, cited);
        Bindings.requireCovers(binding.words, c.slot.point, c.slot.day);
        Openings.requireBinding(statement.run.checkpoint, binding);
        if (registers.length != 0) {
            uint64 quality = interval.words[QUALITY_WORD].asUint();
            if (quality != 0) revert QualityNotValid(quality);
            Openings.requireRegisters(interval.words[COMMITMENT_WORD], registers[0]);
            _measure(c.slot.energy, registers[0].words, binding.words);
        }
        if (Bindings.accountIn(binding.words, c.slot.zone) == c.claimant) {
            if (c.claimant != c.slot.owner) c.flags |= FactWords.OWNED;
        } else {
            _requireOwner(c);
            c.flags |= FactWords.DISOWNED;
        }
        _settle(c, ENERGY);
    }

    /// @dev The INTERVAL is cited by the line, or names the cited one as the one that it supersedes, or the cited one
    ///      lies outside the checkpoint. A correction names its predecessor, so that the predecessor need not be opened.
    function _requireCitedOrNext(Case memory c, Openings.Interval calldata interval) private pure {
        uint256 cited = c.slot.lineWord(Statements.LINE_INTERVAL).asUint();
        if (interval.index != cited && uint256(interval.words[SUPERSEDES_WORD]) != cited && cited < c.slot.size) {
            revert IntervalNotBetter(interval.index, cited);
        }
    }

    /// @dev The entry is the one that the line cites, and the INTERVAL is better.
    function _requireBetter(Case memory c, Openings.Interval calldata interval, Openings.Entry calldata cited)
        private
        pure
    {
        uint256 index = cited.index;
        _requireCited(index, c.slot.lineWord(Statements.LINE_INTERVAL).asUint());
        bytes32[] calldata words = cited.words;
        // The tag comes first.
        if (
            words.length != 11 || words[0] != Openings.INTERVAL || words[POINT_WORD + 1] != c.slot.point
                || uint256(words[SLOT_WORD + 1]) != c.slot.slot
        ) return;
        (uint256 version, uint256 other) = (interval.words[VERSION_WORD].asUint(), words[VERSION_WORD + 1].asUint());
        if (version < other || (version == other && interval.index >= index)) {
            revert IntervalNotBetter(interval.index, index);
        }
    }

    /// @dev Takes the energy of an INTERVAL of the slot that lies in the checkpoint.
    function _takeInterval(
        Case memory c,
        Statements.Statement calldata statement,
        Openings.Interval calldata interval
    ) private view {
        bytes32[10] calldata words = interval.words;
        _requireSame(words[POINT_WORD], c.slot.point);
        _requireSame(words[SLOT_WORD], bytes32(c.slot.slot));
        Openings.requireInterval(statement.run.checkpoint, interval);
        Amounts.Energy memory shown = c.slot.energy;
        (shown.importWh, shown.exportWh) = (words[IMPORT_WORD].asUint(), words[EXPORT_WORD].asUint());
        c.flags |= FactWords.ENERGY_SHOWN;
    }

    /// @dev Energy of a valid slot: registers times the multiplier, each rounded down, their difference; swapped for a reversed meter.
    function _measure(Amounts.Energy memory shown, bytes32[11] calldata registers, bytes32[12] calldata binding)
        private
        pure
    {
        // Registers of a meter that the BINDING does not name say nothing under its multiplier.
        bytes32 serial = binding[Bindings.METER_SERIAL_HASH];
        if (registers[5] != serial && registers[6] != serial) revert MeterOfAnother(serial);
        uint256 modulus = registers[4].asUint();
        uint256 imported = _scaled(registers[0], registers[1], modulus, binding);
        uint256 exported = _scaled(registers[2], registers[3], modulus, binding);
        (shown.importWh, shown.exportWh) =
            binding[Bindings.REVERSED].asBool() ? (exported, imported) : (imported, exported);
    }

    /// @dev Rise of one register, a wrap included, times the binding's multiplier. Both ends are rounded down by themselves,
    ///      so that what one slot leaves is counted in the next.
    function _scaled(bytes32 startWord, bytes32 endWord, uint256 modulus, bytes32[12] calldata binding)
        private
        pure
        returns (uint256)
    {
        (uint256 start, uint256 end) = (startWord.asUint(), endWord.asUint());
        uint256 den = binding[Bindings.MULTIPLIER_DEN].asUint();
        // Sums and products of numbers of 64 bits.
        unchecked {
            if (end < start) end += modulus;
            if (end < start || den == 0) revert RegistersImpossible(start, end, den);
            uint256 num = binding[Bindings.MULTIPLIER_NUM].asUint();
            return end * num / den - start * num / den;
        }
    }
}
