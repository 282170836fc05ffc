// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Amounts} from "./Amounts.sol";
import {Entries} from "./Entries.sol";
import {Facts} from "./Facts.sol";
import {FactWords} from "./FactWords.sol";
import {Openings} from "./Openings.sol";
import {Statements} from "./Statements.sol";
import {Words} from "./Words.sol";

/// @title Grounds 3 and 4: prices other than the log's, and prices beyond a limit
/// @notice A header's local price is that of the AUCTION (ex_ante) or the price DECISION (ex_post) that it cites, its other
///         prices are those of its TARIFF. No member buys above or sells below what its order or mandate says.
abstract contract PriceGround is Facts {
    using Statements for Statements.Slot;
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

    /// @notice The header's local price is not that of the entry which it cites: the price of the AUCTION in ex_ante, the
    ///         value of the price DECISION in ex_post. The account, its delegate, or anyone with its signature over
    ///         Claim(..., ground 3, ...).
    /// @dev Both kinds have eight words. Reverts if: the run is not the last one or its window has passed; a proof fails; the
    ///      claim lacks standing; the entry is not the cited one of this zone and slot; nothing is lacking.
    /// @param claim for whom
    /// @param statement the slot
    /// @param source an AUCTION in ex_ante, a DECISION in ex_post
    function localPrice(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Decision calldata source
    ) external {
        Case memory c;
        _openOwn(c, claim, statement, PRICE);
        int256 price;
        if (c.slot.mode == 0) {
            bytes32[8] calldata words = source.words;
            _requireCited(source.index, uint256(c.slot.headerWord(Statements.HEADER_AUCTION_INDEX)));
            _requireOfSlot(c, words[0], words[1]);
            Openings.requireEight(Openings.AUCTION, statement.run.checkpoint, source);
            price = words[Entries.AUCTION_PRICE].asInt();
        } else {
            price = _priceOf(c, statement, source);
        }
        _takeLocalPrice(c, price);
        _settle(c, PRICE);
    }

    /// @notice The header's import price, export price or fee is not that of the TARIFF that it cites; or it cites another
    ///         entry in its place, and the prices are not those of a TARIFF of the zone and day.
    /// @dev Reverts as {localPrice} does, and if: the tariff is another zone's, day's or slot's; the entry opened as the
    ///      cited one is a TARIFF of the zone and day.
    /// @param claim for whom, of ground 3
    /// @param statement the slot
    /// @param tariff that the header cites, or any of the zone and day if `cited` is opened
    /// @param prices of the slot in it
    /// @param cited the entry that the header cites, tag first, where it is none of these; or none
    function tariffPrices(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Openings.Tariff calldata tariff,
        Openings.TariffSlot calldata prices,
        Openings.Entry[] calldata cited
    ) external {
        Case memory c;
        _openOwn(c, claim, statement, PRICE);
        bool opened = cited.length != 0;
        _requireCited(
            opened ? cited[0].index : tariff.index, uint256(c.slot.headerWord(Statements.HEADER_TARIFF_INDEX))
        );
        if (opened) {
            Openings.requireEntry(statement.run.checkpoint, cited[0]);
            if (Entries.isTariff(cited[0].words, c.slot.zone, c.slot.day)) revert EntryRight(cited[0].index);
        }
        _requireSame(tariff.words[1], bytes32(c.slot.day));
        _requireOfSlot(c, tariff.words[0], prices.words[0]);
        Openings.requireTariff(statement.run.checkpoint, tariff);
        Openings.requireTariffSlot(tariff.words[2], Openings.placeOf(c.slot.slot, c.slot.day), prices);
        bytes32[4] calldata words = prices.words;
        Amounts.Prices memory shown = c.slot.prices;
        (shown.imported, shown.exported) = (words[1].asInt(), words[2].asInt());
        shown.fee = int256(uint256(words[3].asUint()));
        c.flags |= FactWords.TARIFF_SHOWN;
        _settle(c, PRICE);
    }

    /// @notice The line was settled beyond the limit of its order, or of the mandate that the order was made from: the limit
    ///         is its price. The buyer's limit excludes the fee. Where the mandate follows the signal, that may be opened:
    ///         the price DECISION that the header cites. The account, its delegate, or anyone with its signature over
    ///         Claim(..., ground 4, ...).
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      order is not the line's; the mandate does not follow the signal; the decision is not the cited one of this zone
    ///      and slot; nothing is lacking.
    /// @param claim for whom
    /// @param statement the slot
    /// @param order behind the line's order hash
    /// @param signal that the header cites, or none
    function limit(
        Claim calldata claim,
        Statements.Statement calldata statement,
        Order calldata order,
        Openings.Decision[] calldata signal
    ) external {
        Case memory c;
        _openOwn(c, claim, statement, LIMIT);
        _requireOrder(c.slot, order);
        bool sells = order.sells;
        int256 price = _stricter(sells, order.limitPrice, int256(uint256(sells ? order.sellFloor : order.buyCeiling)));
        if (signal.length != 0) {
            if (!order.followSignal) revert SignalNotFollowed();
            price = _stricter(sells, price, _priceOf(c, statement, signal[0]));
        }
        _takeLocalPrice(c, _stricter(sells, price, c.slot.prices.local));
        _settle(c, LIMIT);
    }

    /// @dev Takes the local price as shown.
    function _takeLocalPrice(Case memory c, int256 price) private pure {
        c.slot.prices.local = price;
        c.flags |= FactWords.LOCAL_PRICE_SHOWN;
    }

    /// @dev The one that is better for whom the order is: the higher one for a seller, the lower one for a buyer.
    function _stricter(bool sells, int256 one, int256 other) private pure returns (int256) {
        return (one > other) == sells ? one : other;
    }

    /// @dev Value of the price DECISION that the header cites.
    function _priceOf(
        Case memory c,
        Statements.Statement calldata statement,
        Openings.Decision calldata decision
    ) private view returns (int256) {
        bytes32[8] calldata words = decision.words;
        _requireCited(decision.index, uint256(c.slot.headerWord(Statements.HEADER_PRICE_INDEX)));
        _requireSame(words[0], bytes32(Entries.PRICE_KIND));
        _requireOfSlot(c, words[1], words[2]);
        Openings.requireEight(Openings.DECISION, statement.run.checkpoint, decision);
        return words[4].asInt();
    }

    /// @dev The line's order hash commits to the order, made from a mandate of the account that the point leaf names.
    function _requireOrder(Statements.Slot memory s, Order calldata order) private pure {
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
        bytes32 committed = s.lineWord(Statements.LINE_ORDER);
        if (given != committed) revert OrderWrong(given, committed);
    }
}
