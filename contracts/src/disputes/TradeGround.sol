// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Facts} from "./Facts.sol";
import {Openings} from "./Openings.sol";
import {Statements} from "./Statements.sol";
import {Words} from "./Words.sol";

/// @title Ground 2: a trade other than the auction's
/// @notice The fill of the point says what it bought or sold. A held slot has no trade, unless its hold has ended, is one
///         too many, or is none.
abstract contract TradeGround is Facts {
    using Words for bytes32;

    /// @notice The slot is held: show that the hold does not count.
    error SlotHeld(uint256 holdIndex);
    /// @notice The slot is not held.
    error SlotNotHeld(uint256 slot);
    /// @notice The hold counts until `endsAt`.
    error HoldCounts(uint256 holdIndex, uint256 endsAt);
    /// @notice A hold too many is shown by `required` other held slots.
    error HeldSlotsTooFew(uint256 given, uint256 required);
    /// @notice Held slots are opened in ascending order, all before the claimed one, all held.
    error HeldSlotWrong(uint256 slot);
    /// @notice The line cites a fill, its header an auction, and it is not held.
    error TradeCited(uint256 fillIndex, uint256 auctionIndex);
    /// @notice The fill is another point's, and the line does not cite it.
    error FillOfAnother(bytes32 point);

    // Places of the fields of a FILL.
    uint256 private constant ORDER_WORD = 0;
    uint256 private constant POINT_WORD = 1;
    uint256 private constant SIDE_WORD = 2;
    uint256 private constant QUANTITY_WORD = 3;
    /// @dev The kind of a DECISION that holds a slot.
    uint256 private constant HOLD_KIND = 4;

    /// @notice Seconds after the day's end at which a hold ends by itself.
    uint64 public immutable holdTime;
    /// @notice Slots of a point's day that may be held.
    uint8 public immutable maxHolds;
    uint64 private immutable _challengeWindow;

    constructor(uint64 holdTime_, uint8 maxHolds_) {
        (holdTime, maxHolds) = (holdTime_, maxHolds_);
        _challengeWindow = settlement.challengeWindow();
    }

    /// @notice The point's fill in the cited auction says another trade than the line, or the fill that the line cites is
    ///         another point's, another order's, or does not exist: then nothing was traded. The account, its delegate, or
    ///         anyone with its signature over Claim(..., ground 2, ...).
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      slot is held; the auction is not the cited one of this zone and slot; nothing is lacking.
    /// @param claim for whom
    /// @param statement the slot
    /// @param auction that the header cites
    /// @param fill of the point, or the one that the line cites; not looked at where that one lies outside the tree
    function trade(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Auction calldata auction,
        Openings.Fill calldata fill
    ) external {
        Case memory c = _openOwn(claim, statement, TRADE);
        uint64 hold = statement.line.words[Statements.LINE_HOLD].asIndex();
        if (hold != Words.NONE) revert SlotHeld(hold);
        _takeFill(c, statement, auction, fill);
        _settle(c, TRADE);
    }

    /// @notice The line has a trade, and it is held, or no fill, auction or (in ex_post) price is cited: nothing was traded.
    /// @dev Reverts as {trade} does, and if all that a trade needs is cited.
    /// @param claim for whom
    /// @param statement the slot
    function untraded(Claim calldata claim, Statements.Statement calldata statement) external {
        Case memory c = _openOwn(claim, statement, TRADE);
        uint64 fillIndex = statement.line.words[Statements.LINE_FILL].asIndex();
        uint64 auctionIndex = statement.header.words[Statements.HEADER_AUCTION_INDEX].asIndex();
        bool priced = statement.run.input.mode == 0
            || statement.header.words[Statements.HEADER_PRICE_INDEX].asIndex() != Words.NONE;
        bool held = statement.line.words[Statements.LINE_HOLD].asIndex() != Words.NONE;
        if (fillIndex != Words.NONE && auctionIndex != Words.NONE && priced && !held) {
            revert TradeCited(fillIndex, auctionIndex);
        }
        _takeTrade(c, 0, 0);
        _settle(c, TRADE);
    }

    /// @notice The slot is held, but the hold has ended, or its DECISION lies outside the run's checkpoint, or `others` show
    ///         that as many slots of the day are held before it as may be: the fill counts. A hold that has ended can be
    ///         disputed for a whole window from its end.
    /// @dev Reverts as {trade} does, and if: the slot is not held; the hold counts; `others` are too few, not in order, not
    ///      before the slot, or not held.
    /// @param claim for whom
    /// @param statement the slot
    /// @param auction that the header cites
    /// @param fill of the point, or the one that the line cites
    /// @param others held lines of the same day, or none
    function endedHold(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Auction calldata auction,
        Openings.Fill calldata fill,
        Openings.Line[] calldata others
    ) external {
        uint256 endsAt = (uint256(statement.run.input.day) + 1) * 1 days + holdTime;
        bool ended = block.timestamp >= endsAt;
        Case memory c = _open(claim, statement, TRADE, ended ? uint64(endsAt) + _challengeWindow : 0);
        _requireOwner(c);
        uint64 hold = _requireHeld(statement.line);
        if (!ended && hold < statement.run.checkpoint.size) {
            if (others.length == 0) revert HoldCounts(hold, endsAt);
            _requireHolds(statement, others, c.slot.slot);
        }
        _takeFill(c, statement, auction, fill);
        _settle(c, TRADE);
    }

    /// @notice The slot is held, but the entry that the line cites is no HOLD of this zone and slot: the fill counts.
    /// @dev Reverts as {trade} does, and if: the slot is not held; the entry is not the cited one, or is a HOLD.
    /// @param claim for whom
    /// @param statement the slot
    /// @param auction that the header cites
    /// @param fill of the point, or the one that the line cites
    /// @param cited the entry that the line cites as its hold, tag first
    function falseHold(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Auction calldata auction,
        Openings.Fill calldata fill,
        Openings.Entry calldata cited
    ) external {
        Case memory c = _openOwn(claim, statement, TRADE);
        uint64 hold = _requireHeld(statement.line);
        if (cited.index != hold) revert CitationWrong(cited.index, hold);
        Openings.requireEntry(statement.run.checkpoint, cited);
        if (Openings.isDecision(cited.words, HOLD_KIND, statement.run.input.zone, c.slot.slot)) {
            revert HoldCounts(hold, (uint256(statement.run.input.day) + 1) * 1 days + holdTime);
        }
        _takeFill(c, statement, auction, fill);
        _settle(c, TRADE);
    }

    /// @dev The hold that a line cites.
    function _requireHeld(Openings.Line calldata line) private pure returns (uint64 hold) {
        hold = line.words[Statements.LINE_HOLD].asIndex();
        if (hold == Words.NONE) revert SlotNotHeld(uint256(line.words[Statements.LINE_SLOT]));
    }

    /// @dev `others` are as many held lines of the point's day as may be held, all before the slot.
    function _requireHolds(Statements.Statement calldata statement, Openings.Line[] calldata others, uint256 before)
        private
        view
    {
        if (others.length < maxHolds) revert HeldSlotsTooFew(others.length, maxHolds);
        uint256 next;
        for (uint256 i = 0; i < others.length; ++i) {
            uint256 slot = others[i].words[Statements.LINE_SLOT].asUint();
            if (slot < next || slot >= before) revert HeldSlotWrong(slot);
            next = slot + 1;
            _requireHeld(others[i]);
            uint256 place = Openings.placeOf(slot, statement.run.input.day);
            Openings.requireLine(statement.point.linesRoot, place, others[i]);
        }
    }

    /// @dev Takes what the cited auction gave the point.
    function _takeFill(
        Case memory c,
        Statements.Statement calldata statement,
        Openings.Auction calldata auction,
        Openings.Fill calldata fill
    ) private view {
        _requireCitedAuction(statement, auction, c.slot.slot);
        uint256 fillIndex = statement.line.words[Statements.LINE_FILL].asIndex();
        uint256 fillCount = auction.words[Openings.AUCTION_FILL_COUNT].asUint();
        bool cited = fill.position == fillIndex;
        if (cited && fillIndex >= fillCount) return _takeTrade(c, 0, 0);

        Openings.requireFill(auction.words[Openings.AUCTION_FILLS_ROOT], fillCount, fill);
        bytes32[6] calldata words = fill.words;
        bool own = words[POINT_WORD] == c.slot.point;
        if (cited && (!own || words[ORDER_WORD] != statement.line.words[Statements.LINE_ORDER])) {
            return _takeTrade(c, 0, 0);
        }
        if (!own) revert FillOfAnother(words[POINT_WORD]);
        uint256 quantity = words[QUANTITY_WORD].asUint();
        if (words[SIDE_WORD].asBool()) _takeTrade(c, 0, quantity);
        else _takeTrade(c, quantity, 0);
    }
}
