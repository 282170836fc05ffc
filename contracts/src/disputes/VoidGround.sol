// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRecordAnchor} from "../../interfaces/IRecordAnchor.sol";
import {Facts} from "./Facts.sol";
import {Openings} from "./Openings.sol";
import {Statements} from "./Statements.sol";
import {Words} from "./Words.sol";

/// @title Ground 5: an entry that should precede delivery and does not
/// @notice What gives a slot its local trade stands in the log before it can be known who gains: the AUCTION before the slot
///         begins (ex_ante), the price before the gate closes (ex_post). Otherwise the slot has no local trade.
abstract contract VoidGround is Facts {
    using Words for bytes32;

    /// @notice The header cites no such entry.
    error NothingCited();
    /// @notice The two checkpoints do not follow each other, or one of them was not anchored like this.
    error CheckpointsWrong(uint64 before, uint64 first);
    /// @notice The entry lies in a checkpoint that was anchored in time, or outside both.
    error NotLate(uint256 index, uint256 anchoredAt, uint256 limit);
    /// @notice The entry is what it should be.
    error EntryRight(uint256 index);

    uint64 private immutable _gateLead;

    constructor() {
        _gateLead = escrow.gateLead();
    }

    /// @notice The cited AUCTION (ex_ante) or price DECISION (ex_post) was anchored too late: shown by the first checkpoint
    ///         that covers it and the one before. The account, its delegate, or anyone with its signature over
    ///         Claim(..., ground 5, ...).
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      checkpoints are not two that follow each other, or `first` is not the first that covers the entry; it was in
    ///      time; nothing is lacking.
    /// @param claim for whom
    /// @param statement the slot
    /// @param before the checkpoint before `first`; not looked at where `first` has the number 0
    /// @param first the first checkpoint that covers the entry
    function late(
        Claim calldata claim,
        Statements.Statement calldata statement,
        IRecordAnchor.Checkpoint calldata before,
        IRecordAnchor.Checkpoint calldata first
    ) external {
        Case memory c = _openOwn(claim, statement, VOID);
        uint256 time = uint256(c.slot.slot) * 15 minutes;
        uint256 field = Statements.HEADER_AUCTION_INDEX;
        if (statement.run.input.mode != 0) (field, time) = (Statements.HEADER_PRICE_INDEX, time - _gateLead);
        uint64 index = statement.header.words[field].asIndex();
        if (index == Words.NONE) revert NothingCited();
        if (!recordAnchor.isAnchored(first) || !_follows(before, first)) {
            revert CheckpointsWrong(before.seq, first.seq);
        }
        bool earlier = first.seq != 0 && index < before.size;
        if (earlier || index >= first.size || first.anchoredAt <= time) revert NotLate(index, first.anchoredAt, time);
        _takeTrade(c, 0, 0);
        _settle(c, VOID);
    }

    /// @notice The entry that the header cites as its AUCTION, or in ex_post as its price, is none of this zone and slot.
    /// @dev Reverts as {late} does, checkpoints aside, and if: the entry is not a cited one; it is what it should be.
    /// @param claim for whom
    /// @param statement the slot
    /// @param cited the entry, tag first
    function falseEntry(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Entry calldata cited
    ) external {
        Case memory c = _openOwn(claim, statement, VOID);
        Openings.requireEntry(statement.run.checkpoint, cited);
        if (_isAsCited(statement, cited, c.slot.slot)) revert EntryRight(cited.index);
        _takeTrade(c, 0, 0);
        _settle(c, VOID);
    }

    /// @dev Whether a cited entry is of the kind, zone and slot that it is cited for.
    function _isAsCited(Statements.Statement calldata statement, Openings.Entry calldata cited, uint32 slot)
        private
        pure
        returns (bool)
    {
        bytes32 zone = statement.run.input.zone;
        bytes32[21] calldata header = statement.header.words;
        uint64 auction = header[Statements.HEADER_AUCTION_INDEX].asIndex();
        if (cited.index == auction) return Openings.isAuction(cited.words, zone, slot);
        uint64 price = header[Statements.HEADER_PRICE_INDEX].asIndex();
        if (statement.run.input.mode == 0 || cited.index != price) revert CitationWrong(cited.index, auction);
        return Openings.isDecision(cited.words, Openings.PRICE_KIND, zone, slot);
    }

    /// @dev Whether `before` was anchored next before `first`, which none was for the first of all.
    function _follows(IRecordAnchor.Checkpoint calldata before, IRecordAnchor.Checkpoint calldata first)
        private
        view
        returns (bool)
    {
        if (first.seq == 0) return true;
        return before.seq == first.seq - 1 && recordAnchor.isAnchored(before);
    }
}
