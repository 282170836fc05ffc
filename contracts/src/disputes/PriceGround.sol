// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../interfaces/ISettlement.sol";
import {Amounts} from "./Amounts.sol";
import {Facts} from "./Facts.sol";
import {Openings} from "./Openings.sol";
import {Statements} from "./Statements.sol";
import {Words} from "./Words.sol";

/// @title Grounds 3 and 4: prices other than the log's, and prices beyond a limit
/// @notice A header's local price is that of the AUCTION (ex_ante) or the price DECISION (ex_post) that it cites, its other
///         prices are those of its TARIFF. No member buys above or sells below what its order or mandate says.
abstract contract PriceGround is Facts {
    using Words for bytes32;

    /// @notice An order made from a mandate: what the line's order hash commits to, point and slot aside.
    struct Order {
        uint32 validFromDay;
        uint32 validToDay;
        uint256 capPerDay;
        uint64 buyCeiling;
        uint64 sellFloor;
        bool followSignal;
        uint64 maxBuyWhPerDay;
        uint64 maxSellWhPerDay;
        uint256 nonce;
        uint256 deadline;
        bool sells; // side 1
        int96 limitPrice;
        uint64 quantityWh;
    }

    /// @notice In that mode the local price is another entry's.
    error ModeWrong(uint8 mode);
    /// @notice The TARIFF is another zone's or day's.
    error TariffOfAnother(bytes32 zone, uint256 day);
    /// @notice The tariff's leaf at the place of one slot says another.
    error TariffOfAnotherSlot(uint256 tariffSlot, uint256 slot);
    /// @notice The line's order hash commits to another order.
    error OrderWrong(bytes32 given, bytes32 committed);
    /// @notice The mandate does not follow the signal.
    error SignalNotFollowed();

    bytes32 private constant MANDATE_ORDER_TAG = keccak256("commonwatt.MANDATE_ORDER.v1");
    bytes32 private constant TERMS_TYPEHASH = keccak256(
        "MandateTerms(uint64 buyCeiling,uint64 sellFloor,bool followSignal,uint64 maxBuyWhPerDay,uint64 maxSellWhPerDay)"
    );
    bytes32 private constant MANDATE_TYPEHASH = keccak256(
        "Mandate(address account,uint32 validFromDay,uint32 validToDay,uint256 capPerDay,MandateTerms terms,uint256 nonce,uint256 deadline)MandateTerms(uint64 buyCeiling,uint64 sellFloor,bool followSignal,uint64 maxBuyWhPerDay,uint64 maxSellWhPerDay)"
    );
    uint8 private constant EX_ANTE = 0;
    uint8 private constant EX_POST = 1;

    /// @notice In ex_ante: the header's local price is not the price of the AUCTION that it cites. The account, its
    ///         delegate, or anyone with its signature over Claim(..., ground 3, ...).
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      mode is another; the auction is not the cited one of this zone and slot; nothing is lacking.
    /// @param claim for whom
    /// @param statement the slot
    /// @param auction that the header cites
    function priceOfAuction(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Auction calldata auction
    ) external {
        Case memory c = _openOwn(claim, statement, PRICE);
        if (statement.run.input.mode != EX_ANTE) revert ModeWrong(statement.run.input.mode);
        _requireCitedAuction(statement, auction, c.slot.slot);
        _takeLocalPrice(c, auction.words[Openings.AUCTION_PRICE].asInt());
        _settle(c, PRICE);
    }

    /// @notice In ex_post: the header's local price is not the value of the price DECISION that it cites.
    /// @dev Reverts as {priceOfAuction} does.
    /// @param claim for whom
    /// @param statement the slot
    /// @param decision that the header cites
    function priceOfDecision(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Decision calldata decision
    ) external {
        Case memory c = _openOwn(claim, statement, PRICE);
        if (statement.run.input.mode != EX_POST) revert ModeWrong(statement.run.input.mode);
        _takeLocalPrice(c, _priceOf(statement, decision, c.slot.slot));
        _settle(c, PRICE);
    }

    /// @notice The header's import price, export price or fee is not that of the TARIFF that it cites.
    /// @dev Reverts as {priceOfAuction} does, and if the tariff is another zone's, day's or slot's.
    /// @param claim for whom
    /// @param statement the slot
    /// @param tariff that the header cites
    /// @param prices of the slot in it
    function priceOfTariff(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Tariff calldata tariff,
        Openings.TariffSlot calldata prices
    ) external {
        Case memory c = _openOwn(claim, statement, PRICE);
        ISettlement.RunInput calldata input = statement.run.input;
        uint64 cited = statement.header.words[Statements.HEADER_TARIFF_INDEX].asUint();
        if (tariff.index != cited) revert CitationWrong(tariff.index, cited);
        if (tariff.words[0] != input.zone || uint256(tariff.words[1]) != input.day) {
            revert TariffOfAnother(tariff.words[0], uint256(tariff.words[1]));
        }
        Openings.requireTariff(statement.run.checkpoint, tariff);
        Openings.requireTariffSlot(tariff.words[2], Openings.placeOf(c.slot.slot, input.day), prices);
        bytes32[4] calldata words = prices.words;
        if (uint256(words[0]) != c.slot.slot) revert TariffOfAnotherSlot(uint256(words[0]), c.slot.slot);
        Amounts.Prices memory shown = c.slot.prices;
        (shown.imported, shown.exported) = (words[1].asInt(), words[2].asInt());
        shown.fee = int256(uint256(words[3].asUint()));
        c.flags |= TARIFF_SHOWN;
        _settle(c, PRICE);
    }

    /// @notice The line was settled beyond the limit of its order, or of the mandate that the order was made from: the limit
    ///         is its price. The buyer's limit excludes the fee. The account, its delegate, or anyone with its signature over
    ///         Claim(..., ground 4, ...).
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      order is not the line's; nothing is lacking.
    /// @param claim for whom
    /// @param statement the slot
    /// @param order behind the line's order hash
    function limit(Claim calldata claim, Statements.Statement calldata statement, Order calldata order) external {
        Case memory c = _openOwn(claim, statement, LIMIT);
        _requireOrder(c.slot, statement.line, order);
        _takeLimit(c, order, order.limitPrice);
        _settle(c, LIMIT);
    }

    /// @notice As {limit}, for a mandate that follows the signal, which is opened: the price DECISION that the header cites.
    /// @dev Reverts as {limit} does, and if: the mandate does not follow the signal; the decision is not the cited one.
    /// @param claim for whom
    /// @param statement the slot
    /// @param order behind the line's order hash
    /// @param signal that the header cites
    function limitOfSignal(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Order calldata order,
        Openings.Decision calldata signal
    ) external {
        Case memory c = _openOwn(claim, statement, LIMIT);
        _requireOrder(c.slot, statement.line, order);
        if (!order.followSignal) revert SignalNotFollowed();
        int256 value = _priceOf(statement, signal, c.slot.slot);
        _takeLimit(c, order, _stricter(order.sells, value, order.limitPrice));
        _settle(c, LIMIT);
    }

    /// @dev Takes the local price as shown.
    function _takeLocalPrice(Case memory c, int256 price) private pure {
        c.slot.prices.local = price;
        c.flags |= LOCAL_PRICE_SHOWN;
    }

    /// @dev Takes a limit, the mandate's where it is stricter, unless the price is better for its owner already.
    function _takeLimit(Case memory c, Order calldata order, int256 price) private pure {
        uint256 bound = order.sells ? order.sellFloor : order.buyCeiling;
        price = _stricter(order.sells, price, int256(bound));
        _takeLocalPrice(c, _stricter(order.sells, price, c.slot.prices.local));
    }

    /// @dev The one that is better for whom the order is: the higher one for a seller, the lower one for a buyer.
    function _stricter(bool sells, int256 one, int256 other) private pure returns (int256) {
        return (one > other) == sells ? one : other;
    }

    /// @dev Value of the price DECISION that the header cites.
    function _priceOf(Statements.Statement calldata statement, Openings.Decision calldata decision, uint32 slot)
        private
        view
        returns (int256)
    {
        uint64 cited = statement.header.words[Statements.HEADER_PRICE_INDEX].asIndex();
        if (decision.index != cited) revert CitationWrong(decision.index, cited);
        bytes32[8] calldata words = decision.words;
        if (uint256(words[0]) != Openings.PRICE_KIND || words[1] != statement.run.input.zone || uint256(words[2]) != slot)
        {
            revert EntryOfAnother(words[1], uint256(words[2]));
        }
        Openings.requireDecision(statement.run.checkpoint, decision);
        return words[4].asInt();
    }

    /// @dev The line's order hash commits to the order, made from a mandate of the account that the point leaf names.
    function _requireOrder(Statements.Slot memory s, Openings.Line calldata line, Order calldata order) private pure {
        bytes32 terms = keccak256(
            abi.encode(
                TERMS_TYPEHASH,
                order.buyCeiling,
                order.sellFloor,
                order.followSignal,
                order.maxBuyWhPerDay,
                order.maxSellWhPerDay
            )
        );
        bytes32 mandate = keccak256(
            abi.encode(
                MANDATE_TYPEHASH,
                s.owner,
                order.validFromDay,
                order.validToDay,
                order.capPerDay,
                terms,
                order.nonce,
                order.deadline
            )
        );
        bytes32 given = sha256(
            abi.encode(
                MANDATE_ORDER_TAG,
                mandate,
                s.point,
                uint256(s.slot),
                order.sells,
                int256(order.limitPrice),
                uint256(order.quantityWh)
            )
        );
        bytes32 committed = line.words[Statements.LINE_ORDER];
        if (given != committed) revert OrderWrong(given, committed);
    }
}
