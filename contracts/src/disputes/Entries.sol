// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Openings} from "./Openings.sol";

/// @title What an opened AUCTION or DECISION says
/// @notice Fields by their place in the leaf, docs/PROTOCOL.md section 7.
library Entries {
    // Places of the fields of an AUCTION.
    uint256 internal constant AUCTION_PRICE = 3;
    uint256 internal constant AUCTION_FILLS_ROOT = 5;
    uint256 internal constant AUCTION_FILL_COUNT = 6;
    // Kinds of a DECISION.
    uint256 internal constant PRICE_KIND = 2;
    uint256 internal constant HOLD_KIND = 4;

    /// @notice Whether an opened entry, tag first, is an AUCTION of the zone and slot.
    function isAuction(bytes32[] calldata words, bytes32 zone, uint256 slot) internal pure returns (bool) {
        return words.length == 9 && words[0] == Openings.AUCTION && words[1] == zone && uint256(words[2]) == slot;
    }

    /// @notice Whether an opened entry, tag first, is a TARIFF of the zone and day.
    function isTariff(bytes32[] calldata words, bytes32 zone, uint256 day) internal pure returns (bool) {
        return words.length == 5 && words[0] == Openings.TARIFF && words[1] == zone && uint256(words[2]) == day;
    }

    /// @notice Whether an opened entry, tag first, is a DECISION of that kind about the zone and slot.
    function isDecision(bytes32[] calldata words, uint256 kind, bytes32 zone, uint256 slot)
        internal
        pure
        returns (bool)
    {
        return words.length == 9 && words[0] == Openings.DECISION && uint256(words[1]) == kind && words[2] == zone
            && uint256(words[3]) == slot;
    }
}
