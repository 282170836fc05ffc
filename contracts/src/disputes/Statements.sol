// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Amounts} from "./Amounts.sol";
import {Leaves} from "./Leaves.sol";
import {Openings} from "./Openings.sol";
import {Words} from "./Words.sol";

/// @title One slot of a posted statement
/// @notice Opens a point leaf, the line and the header of a slot under the roots of a run, and gives what they say.
library Statements {
    using Words for bytes32;

    /// @notice A slot as a claimant brings it along.
    struct Statement {
        Openings.Run run;
        Openings.Point point;
        Openings.Line line;
        Openings.Header header;
    }

    /// @notice What the run says of the slot.
    struct Slot {
        bytes32 runKey; // names zone and day
        bytes32 zone;
        uint256 day; // UTC day number
        uint256 sequence; // of the run
        uint256 mode; // 0 ex_ante, 1 ex_post
        uint256 size; // log entries that the run's checkpoint covers
        uint256 slot; // UTC slot number
        bytes32 point; // metering point
        address owner; // account that the point leaf names
        int256 posted; // amount of the line, token base units
        Amounts.Energy energy;
        Amounts.Prices prices;
        uint256 lineAt; // where the line's words stand in calldata
        uint256 headerAt; // where the header's do
    }

    /// @notice A header at the place of one slot says another.
    error HeaderOfAnotherSlot(uint256 headerSlot, uint256 slot);

    // Places of the fields of a LINE.
    uint256 internal constant LINE_SLOT = 0;
    uint256 internal constant LINE_INTERVAL = 1;
    uint256 internal constant LINE_ORDER = 2;
    uint256 internal constant LINE_FILL = 3;
    uint256 internal constant LINE_HOLD = 4;
    uint256 internal constant LINE_IMPORT = 5;
    uint256 internal constant LINE_EXPORT = 6;
    uint256 internal constant LINE_BOUGHT = 7;
    uint256 internal constant LINE_SOLD = 8;
    uint256 internal constant LINE_AMOUNT = 9;
    uint256 internal constant LINE_TOTAL = 10;
    // Places of the fields of a HEADER.
    uint256 internal constant HEADER_SLOT = 0;
    uint256 internal constant HEADER_LOCAL = 1;
    uint256 internal constant HEADER_TARIFF_INDEX = 2;
    uint256 internal constant HEADER_FEE = 3;
    uint256 internal constant HEADER_IMPORT = 4;
    uint256 internal constant HEADER_EXPORT = 5;
    uint256 internal constant HEADER_PRICE_INDEX = 10;
    uint256 internal constant HEADER_AUCTION_INDEX = 11;
    uint256 internal constant HEADER_BOUGHT = 12;
    uint256 internal constant HEADER_SOLD = 13;
    uint256 internal constant HEADER_MISMATCH = 14;

    /// @notice Opens a slot of a run. The caller has asked Settlement for the run, whose input's words are clean for that.
    /// @dev Reverts if: a proof fails; the line's slot is not of the run's day; the header's slot is another; a word that
    ///      is used is none that a writer makes.
    /// @param s what it says, filled in here
    /// @param statement what is opened
    /// @param runKey key of the statement's run
    function open(Slot memory s, Statement calldata statement, bytes32 runKey) internal view {
        Openings.Run calldata run = statement.run;
        Openings.Point calldata point;
        (uint256 runAt, uint256 lineAt, uint256 headerAt) = (0, 0, 0);
        assembly {
            runAt := statement
            // Behind the run's 14 words stand the offsets of the other three. What lies elsewhere or outside is a wrong proof.
            point := add(runAt, calldataload(add(runAt, 448)))
            lineAt := add(runAt, calldataload(add(runAt, 480)))
            headerAt := add(runAt, calldataload(add(runAt, 512)))
        }
        Openings.requirePoint(run, runKey, point);
        assembly ("memory-safe") {
            // Zone, day and sequence stand in the same order here and there; mode is word 8 of a run, the size word 11.
            mstore(s, runKey)
            calldatacopy(add(s, 32), runAt, 96)
            mstore(add(s, 128), calldataload(add(runAt, 256)))
            mstore(add(s, 160), calldataload(add(runAt, 352)))
        }
        (s.point, s.owner) = (point.point, point.account);
        (s.lineAt, s.headerAt) = (lineAt, headerAt);
        uint256 place = _readLine(s, lineAt);
        Leaves.requirePlaced(Openings.LINE, lineAt, 12, place, point.linesRoot);
        Leaves.requirePlaced(Openings.HEADER, headerAt, 21, place, run.input.headersRoot);
        _readPrices(s, headerAt);
    }

    /// @notice A field of the line, by its place.
    function lineWord(Slot memory s, uint256 field) internal pure returns (bytes32) {
        return _wordAt(s.lineAt, field);
    }

    /// @notice A field of the header, by its place.
    function headerWord(Slot memory s, uint256 field) internal pure returns (bytes32) {
        return _wordAt(s.headerAt, field);
    }

    function _wordAt(uint256 start, uint256 field) private pure returns (bytes32 word) {
        assembly {
            word := calldataload(add(start, shl(5, field)))
        }
    }

    function _numberAt(uint256 start, uint256 field) private pure returns (uint256) {
        return uint256(_wordAt(start, field));
    }

    /// @dev Takes slot, energy and amount from a line; returns the slot's place in its day.
    function _readLine(Slot memory s, uint256 at) private pure returns (uint256 place) {
        uint256 slot = _numberAt(at, LINE_SLOT);
        // A slot of the day is a number that a writer makes.
        place = Openings.placeOf(slot, s.day);
        (s.slot, s.posted) = (slot, _wordAt(at, LINE_AMOUNT).asInt());
        Amounts.Energy memory energy = s.energy;
        assembly ("memory-safe") {
            // Fields LINE_IMPORT to LINE_SOLD, in the struct's order.
            calldatacopy(energy, add(at, 160), 128)
        }
        Words.requireUints(energy.importWh, energy.exportWh, energy.boughtWh, energy.soldWh);
    }

    /// @dev Takes the prices from a header of the slot.
    function _readPrices(Slot memory s, uint256 at) private pure {
        uint256 slot = _numberAt(at, HEADER_SLOT);
        if (slot != s.slot) revert HeaderOfAnotherSlot(slot, s.slot);
        Amounts.Prices memory prices = s.prices;
        assembly ("memory-safe") {
            // HEADER_LOCAL, then HEADER_FEE to HEADER_EXPORT, in the struct's order.
            mstore(prices, calldataload(add(at, 32)))
            calldatacopy(add(prices, 32), add(at, 96), 96)
        }
        bytes32(uint256(prices.fee)).asUint();
        Words.requireInts(prices.local, prices.imported, prices.exported);
    }
}
