// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRecordAnchor} from "../../interfaces/IRecordAnchor.sol";
import {Entries} from "./Entries.sol";
import {Facts} from "./Facts.sol";
import {Openings} from "./Openings.sol";
import {Statements} from "./Statements.sol";

/// @title Ground 5: an entry that should precede delivery and does not
/// @notice What gives a slot its local trade stands in the log before it can be known who gains: the AUCTION before the slot
///         begins (ex_ante), the price before the gate closes (ex_post). Otherwise the slot has no local trade.
abstract contract VoidGround is Facts {
    using Statements for Statements.Slot;
    /// @notice The two checkpoints do not follow each other, or one of them was not anchored like this.
    error CheckpointsWrong(uint256 before, uint256 first);
    /// @notice The entry lies in a checkpoint that was anchored in time, or outside both.
    error NotLate(uint256 index, uint256 anchoredAt, uint256 limit);

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
        Case memory c;
        _openOwn(c, claim, statement, VOID);
        uint256 time = c.slot.slot * 15 minutes;
        uint256 field = Statements.HEADER_AUCTION_INDEX;
        if (c.slot.mode != 0) (field, time) = (Statements.HEADER_PRICE_INDEX, time - _gateLead);
        uint256 index = uint256(c.slot.headerWord(field));
        uint256 earlier = _requireAnchored(before, first);
        if (index < earlier || index >= first.size || first.anchoredAt <= time) {
            revert NotLate(index, first.anchoredAt, time);
        }
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
        Case memory c;
        _openOwn(c, claim, statement, VOID);
        Openings.requireEntry(statement.run.checkpoint, cited);
        if (_isAsCited(c, cited)) revert EntryRight(cited.index);
        _takeTrade(c, 0, 0);
        _settle(c, VOID);
    }

    /// @dev Whether a cited entry is of the kind, zone and slot that it is cited for.
    function _isAsCited(Case memory c, Openings.Entry calldata cited) private pure returns (bool) {
        uint256 auction = uint256(c.slot.headerWord(Statements.HEADER_AUCTION_INDEX));
        if (cited.index == auction) return Entries.isAuction(cited.words, c.slot.zone, c.slot.slot);
        _requireCited(cited.index, c.slot.mode == 0 ? auction : uint256(c.slot.headerWord(Statements.HEADER_PRICE_INDEX)));
        return Entries.isDecision(cited.words, Entries.PRICE_KIND, c.slot.zone, c.slot.slot);
    }

    /// @dev Requires that `before` was anchored next before `first`; returns its size, zero where `first` is the first.
    function _requireAnchored(IRecordAnchor.Checkpoint calldata before, IRecordAnchor.Checkpoint calldata first)
        private
        view
        returns (uint256 earlier)
    {
        bool right = _isAnchored(first);
        if (right && first.seq != 0) {
            earlier = before.size;
            right = uint256(before.seq) + 1 == first.seq && _isAnchored(before);
        }
        if (!right) revert CheckpointsWrong(before.seq, first.seq);
    }
}
