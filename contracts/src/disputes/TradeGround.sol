// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Entries} from "./Entries.sol";
import {Facts} from "./Facts.sol";
import {Openings} from "./Openings.sol";
import {Statements} from "./Statements.sol";
import {Words} from "./Words.sol";

/// @title Ground 2: a trade other than the auction's
/// @notice The fill of the point says what it bought or sold. A held slot has no trade, unless its hold has ended, is one
///         too many, or is none.
abstract contract TradeGround is Facts {
    using Statements for Statements.Slot;
    using Words for bytes32;

    /// @notice The slot is held, and what is opened does not show that the hold does not count before `endsAt`.
    error HoldCounts(uint256 holdIndex, uint256 endsAt);
    /// @notice Held slots are opened in ascending order, all before the claimed one, all held.
    error HeldSlotWrong(uint256 slot);
    /// @notice All that a trade needs is cited, and the slot is not held.
    error TradeCited(uint256 fillIndex);

    // Places of the fields of a FILL.
    uint256 private constant ORDER_WORD = 0;
    uint256 private constant POINT_WORD = 1;
    uint256 private constant SIDE_WORD = 2;
    uint256 private constant QUANTITY_WORD = 3;

    /// @notice Seconds after the day's end at which a hold ends by itself.
    uint64 public immutable holdTime;
    /// @notice Slots of a point's day that may be held.
    uint8 public immutable maxHolds;
    uint64 private immutable _challengeWindow;

    constructor(uint64 holdTime_, uint8 maxHolds_) {
        (holdTime, maxHolds) = (holdTime_, maxHolds_);
        _challengeWindow = settlement.challengeWindow();
    }

    /// @notice The point's fill in the cited auction says another trade than the line; or the fill that the line cites is
    ///         another point's, another order's, or does not exist: then nothing was traded. A held slot has its fill where
    ///         its hold has ended, where the DECISION lies outside the run's checkpoint, where it is opened and is no HOLD of
    ///         this zone and slot, or where as many slots of the day are held before it as may be. A hold that has ended can
    ///         be disputed for a whole window from its end. The account, its delegate, or anyone with its signature over
    ///         Claim(..., ground 2, ...).
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      hold counts; the auction is not the cited one of this zone and slot; nothing is lacking.
    /// @param claim for whom
    /// @param statement the slot
    /// @param auction that the header cites
    /// @param fill of the point, or the one that the line cites; not looked at where that one lies outside the tree
    /// @param others held lines of the day before the slot, in order, where that is to be shown; else empty
    /// @param decision the entry that the line cites as its hold, where that is to be shown; else empty
    function trade(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Auction calldata auction,
        Openings.Fill calldata fill,
        Openings.Line[] calldata others,
        Openings.Entry[] calldata decision
    ) external {
        uint256 endsAt = (uint256(statement.run.input.day) + 1) * 1 days + holdTime;
        bool held = uint256(statement.line.words[Statements.LINE_HOLD]) != Words.NONE;
        bool ended = block.timestamp >= endsAt;
        Case memory c;
        _open(c, claim, statement, TRADE, held && ended ? uint64(endsAt) + _challengeWindow : 0);
        _requireOwner(c);
        if (held && !ended) {
            if (!_isHoldVoid(c, statement, others, decision)) {
                revert HoldCounts(uint256(c.slot.lineWord(Statements.LINE_HOLD)), endsAt);
            }
        }
        _takeFill(c, statement, auction, fill);
        _settle(c, TRADE);
    }

    /// @notice The line has a trade, and it is held, or no fill, auction or (in ex_post) price is cited: nothing was traded.
    /// @dev Reverts as {trade} does, and if all that a trade needs is cited.
    /// @param claim for whom, of ground 2
    /// @param statement the slot
    function untraded(Claim calldata claim, Statements.Statement calldata statement) external {
        Case memory c;
        _openOwn(c, claim, statement, TRADE);
        bytes32 none = bytes32(uint256(Words.NONE));
        if (
            c.slot.lineWord(Statements.LINE_FILL) != none
                && c.slot.headerWord(Statements.HEADER_AUCTION_INDEX) != none
                && (c.slot.mode == 0 || c.slot.headerWord(Statements.HEADER_PRICE_INDEX) != none)
                && c.slot.lineWord(Statements.LINE_HOLD) == none
        ) revert TradeCited(uint256(c.slot.lineWord(Statements.LINE_FILL)));
        _takeTrade(c, 0, 0);
        _settle(c, TRADE);
    }

    /// @dev Whether a hold that has not ended does not count.
    function _isHoldVoid(
        Case memory c,
        Statements.Statement calldata statement,
        Openings.Line[] calldata others,
        Openings.Entry[] calldata decision
    ) private view returns (bool) {
        uint256 hold = c.slot.lineWord(Statements.LINE_HOLD).asIndex();
        if (hold >= c.slot.size) return true;
        if (decision.length != 0) {
            _requireCited(decision[0].index, hold);
            Openings.requireEntry(statement.run.checkpoint, decision[0]);
            return !Entries.isDecision(decision[0].words, Entries.HOLD_KIND, c.slot.zone, c.slot.slot);
        }
        _requireHeld(c, statement.point.linesRoot, others);
        return others.length >= maxHolds;
    }

    /// @dev Lines of the day that are held, in order, all before the slot.
    function _requireHeld(Case memory c, bytes32 linesRoot, Openings.Line[] calldata lines) private view {
        uint256 next;
        for (uint256 i = 0; i < lines.length; ++i) {
            bytes32[12] calldata words = lines[i].words;
            uint256 slot = uint256(words[Statements.LINE_SLOT]);
            bool counts = slot >= next && slot < c.slot.slot && uint256(words[Statements.LINE_HOLD]) < Words.NONE;
            if (!counts) revert HeldSlotWrong(slot);
            next = slot + 1;
            Openings.requireLine(linesRoot, Openings.placeOf(slot, c.slot.day), lines[i]);
        }
    }

    /// @dev Takes what the cited auction gave the point.
    function _takeFill(
        Case memory c,
        Statements.Statement calldata statement,
        Openings.Auction calldata auction,
        Openings.Fill calldata fill
    ) private view {
        bytes32[8] calldata found = auction.words;
        _requireCited(auction.index, uint256(c.slot.headerWord(Statements.HEADER_AUCTION_INDEX)));
        _requireOfSlot(c, found[0], found[1]);
        Openings.requireAuction(statement.run.checkpoint, auction);

        uint256 fillCount = found[Entries.AUCTION_FILL_COUNT].asUint();
        bool cited = fill.position == c.slot.lineWord(Statements.LINE_FILL).asIndex();
        if (cited && fill.position >= fillCount) return _takeTrade(c, 0, 0);
        Openings.requireFill(found[Entries.AUCTION_FILLS_ROOT], fillCount, fill);
        bytes32[6] calldata words = fill.words;
        if (cited && (words[POINT_WORD] != c.slot.point || words[ORDER_WORD] != c.slot.lineWord(Statements.LINE_ORDER))) {
            return _takeTrade(c, 0, 0);
        }
        _requireSame(words[POINT_WORD], c.slot.point);
        uint256 quantity = words[QUANTITY_WORD].asUint();
        bool sold = words[SIDE_WORD].asBool();
        _takeTrade(c, sold ? 0 : quantity, sold ? quantity : 0);
    }
}
