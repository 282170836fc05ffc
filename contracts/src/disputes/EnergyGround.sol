// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Amounts} from "./Amounts.sol";
import {Bindings} from "./Bindings.sol";
import {Facts} from "./Facts.sol";
import {Openings} from "./Openings.sol";
import {Statements} from "./Statements.sol";
import {Words} from "./Words.sol";

/// @title Ground 1: energy other than the log's
/// @notice The INTERVAL that a line cites says other energy; a better one stands in the run's checkpoint; registers of a
///         valid slot give other energy; the point was another account's that day.
abstract contract EnergyGround is Facts {
    using Words for bytes32;

    /// @notice The INTERVAL is another point's or slot's.
    error IntervalOfAnother(bytes32 point, uint256 slot);
    /// @notice The line cites another INTERVAL, and the one given is not shown to be better.
    error IntervalNotBetter(uint256 given, uint256 cited);
    /// @notice Registers give a slot's energy only where its quality is 0 (valid).
    error QualityNotValid(uint256 quality);
    /// @notice The BINDING is neither the cited one nor a later one.
    error BindingNotBetter(uint256 given, uint256 cited);
    /// @notice Neither the point leaf nor the BINDING names the claimant.
    error NotTheBindings(address account, address bound);
    /// @notice A register fell by more than a rollover, or a multiplier divides by zero.
    error RegistersImpossible(uint256 start, uint256 end, uint256 modulus, uint256 multiplierDen);

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

    /// @notice The line's energy is other than that of its INTERVAL, or of the one that supersedes it. The account, its
    ///         delegate, or anyone with its signature over Claim(..., ground 1, ...).
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      INTERVAL is another's, or neither cited nor the direct successor of the cited one, though that one lies in the
    ///      checkpoint; nothing is lacking.
    /// @param claim for whom
    /// @param statement the slot
    /// @param interval the INTERVAL that counts
    function energy(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Interval calldata interval
    ) external {
        Case memory c = _openOwn(claim, statement, ENERGY);
        _requireCitedOrNext(statement, interval);
        _takeInterval(c, statement, interval);
        _settle(c, ENERGY);
    }

    /// @notice As {energy}, for an INTERVAL that is better than the cited one without being its direct successor: of a
    ///         higher version, or of the same and before it in the log; or where the cited entry is no INTERVAL of this
    ///         point and slot at all. The cited entry is opened as well.
    /// @dev Reverts as {energy} does, and if the cited entry is at least as good.
    /// @param claim for whom
    /// @param statement the slot
    /// @param interval the INTERVAL that counts
    /// @param cited the entry that the line cites, tag first
    function energyOfBetter(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Interval calldata interval,
        Openings.Entry calldata cited
    ) external {
        Case memory c = _openOwn(claim, statement, ENERGY);
        uint256 index = statement.line.words[Statements.LINE_INTERVAL].asUint();
        if (cited.index != index) revert CitationWrong(cited.index, index);
        Openings.requireEntry(statement.run.checkpoint, cited);
        if (_isInterval(cited.words, c.slot)) {
            (uint64 version, uint64 other) = (interval.words[VERSION_WORD].asUint(), cited.words[VERSION_WORD + 1].asUint());
            if (version < other || (version == other && interval.index >= index)) {
                revert IntervalNotBetter(interval.index, index);
            }
        }
        _takeInterval(c, statement, interval);
        _settle(c, ENERGY);
    }

    /// @notice The INTERVAL that counts is valid, and its registers give other energy than the line; the BINDING that it
    ///         cites, or a later one of the point that covers the day, gives multiplier, reversal and account.
    /// @dev Reverts as {energy} does, and if: quality is not 0; the registers are not those committed to; the BINDING is
    ///      another point's or day's, or neither cited nor later. A claimant that only the BINDING names was posted nothing.
    ///      Where the BINDING names another zone or account than the point leaf does, its account is owed nothing.
    /// @param claim for whom
    /// @param statement the slot
    /// @param interval the INTERVAL that counts
    /// @param registers that it commits to
    /// @param binding the BINDING that counts
    function energyOfRegisters(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Interval calldata interval,
        Openings.Registers calldata registers,
        Openings.Binding calldata binding
    ) external {
        Case memory c = _openBound(claim, statement, interval, binding);
        uint64 quality = interval.words[QUALITY_WORD].asUint();
        if (quality != 0) revert QualityNotValid(quality);
        Openings.requireRegisters(interval.words[COMMITMENT_WORD], registers);
        _measure(c.slot.energy, registers.words, binding.words);
        _settle(c, ENERGY);
    }

    /// @notice The point was another account's that day: a BINDING says so. Its account claims what the slot owes it, and
    ///         the account that the point leaf names what was taken from it for the slot.
    /// @dev Reverts as {energyOfRegisters} does, registers aside.
    /// @param claim for whom
    /// @param statement the slot
    /// @param interval the INTERVAL that counts
    /// @param binding the BINDING that counts
    function accountOfBinding(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Interval calldata interval,
        Openings.Binding calldata binding
    ) external {
        Case memory c = _openBound(claim, statement, interval, binding);
        _settle(c, ENERGY);
    }

    /// @dev Opens slot, INTERVAL and BINDING, and says whose the slot is.
    function _openBound(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Interval calldata interval,
        Openings.Binding calldata binding
    ) private returns (Case memory c) {
        c = _open(claim, statement, ENERGY, 0);
        _requireCitedOrNext(statement, interval);
        _takeInterval(c, statement, interval);
        address bound = _boundAccount(statement, interval, binding);
        if (bound == c.claimant) {
            if (bound != c.slot.owner) c.flags |= OWNED;
        } else {
            if (c.claimant != c.slot.owner) revert NotTheBindings(c.claimant, bound);
            c.flags |= DISOWNED;
        }
    }

    /// @dev The INTERVAL is cited by the line, or names the cited one as the one that it supersedes, or the cited one
    ///      lies outside the checkpoint. A correction names its predecessor, so that the predecessor need not be opened.
    function _requireCitedOrNext(Statements.Statement calldata statement, Openings.Interval calldata interval)
        private
        pure
    {
        uint64 cited = statement.line.words[Statements.LINE_INTERVAL].asUint();
        if (
            interval.index != cited && interval.words[SUPERSEDES_WORD].asIndex() != cited
                && cited < statement.run.checkpoint.size
        ) revert IntervalNotBetter(interval.index, cited);
    }

    /// @dev Takes the energy of an INTERVAL of the slot that lies in the checkpoint.
    function _takeInterval(
        Case memory c,
        Statements.Statement calldata statement,
        Openings.Interval calldata interval
    ) private view {
        bytes32[10] calldata words = interval.words;
        if (words[POINT_WORD] != c.slot.point || uint256(words[SLOT_WORD]) != c.slot.slot) {
            revert IntervalOfAnother(words[POINT_WORD], uint256(words[SLOT_WORD]));
        }
        Openings.requireInterval(statement.run.checkpoint, interval);
        Amounts.Energy memory shown = c.slot.energy;
        (shown.importWh, shown.exportWh) = (words[IMPORT_WORD].asUint(), words[EXPORT_WORD].asUint());
        c.flags |= ENERGY_SHOWN;
    }

    /// @dev Whether an opened entry, tag first, is an INTERVAL of the slot.
    function _isInterval(bytes32[] calldata words, Statements.Slot memory s) private pure returns (bool) {
        return words.length == 11 && words[0] == Openings.INTERVAL && words[POINT_WORD + 1] == s.point
            && uint256(words[SLOT_WORD + 1]) == s.slot;
    }

    /// @dev The account that the BINDING which counts gives the point; zero where that is in another zone. The one that the
    ///      INTERVAL cites counts, or a later one, or any where the citation leads nowhere.
    function _boundAccount(
        Statements.Statement calldata statement,
        Openings.Interval calldata interval,
        Openings.Binding calldata binding
    ) private view returns (address) {
        Openings.Run calldata run = statement.run;
        uint64 cited = interval.words[BINDING_WORD].asIndex();
        if (binding.index < cited && cited < run.checkpoint.size) revert BindingNotBetter(binding.index, cited);
        Bindings.requireCovers(binding.words, statement.point.point, run.input.day);
        Openings.requireBinding(run.checkpoint, binding);
        return Bindings.accountIn(binding.words, run.input.zone);
    }

    /// @dev Energy of a valid slot: register differences times the multiplier, rounded down; swapped for a reversed meter.
    function _measure(Amounts.Energy memory shown, bytes32[11] calldata registers, bytes32[12] calldata binding)
        private
        pure
    {
        uint256 imported = _scaled(registers[0], registers[1], registers[4], binding);
        uint256 exported = _scaled(registers[2], registers[3], registers[4], binding);
        bool swapped = binding[Bindings.REVERSED].asBool();
        (shown.importWh, shown.exportWh) = swapped ? (exported, imported) : (imported, exported);
    }

    /// @dev Rise of one register, a wrap included, times the binding's multiplier.
    function _scaled(bytes32 startWord, bytes32 endWord, bytes32 modulusWord, bytes32[12] calldata binding)
        private
        pure
        returns (uint256)
    {
        (uint256 start, uint256 end) = (startWord.asUint(), endWord.asUint());
        uint256 den = binding[Bindings.MULTIPLIER_DEN].asUint();
        if (end < start) end += modulusWord.asUint();
        if (end < start || den == 0) revert RegistersImpossible(start, end, uint256(modulusWord), den);
        return (end - start) * binding[Bindings.MULTIPLIER_NUM].asUint() / den;
    }
}
