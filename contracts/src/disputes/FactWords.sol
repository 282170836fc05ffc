// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Amounts} from "./Amounts.sol";

/// @title The two words that keep what has been shown of a slot
/// @notice numbers: importWh u40 | exportWh u40 | boughtWh u40 | soldWh u40 | paid u80 | flags u16, from the top.
///         prices: local i64 | fee u64 | imported i64 | exported i64, from the top; there is none without a price.
library FactWords {
    // Flags: what has been shown.
    uint256 internal constant ENERGY_SHOWN = 1;
    uint256 internal constant TRADE_SHOWN = 2;
    uint256 internal constant LOCAL_PRICE_SHOWN = 4;
    uint256 internal constant TARIFF_SHOWN = 8;
    /// @dev The slot is not the account's that the point leaf names.
    uint256 internal constant DISOWNED = 16;
    /// @dev The slot is the account's, though the point leaf names another.
    uint256 internal constant OWNED = 32;
    /// @dev Either price.
    uint256 internal constant PRICES = LOCAL_PRICE_SHOWN | TARIFF_SHOWN;

    /// @notice What was shown is larger than any real slot's.
    error FactTooLarge(int256 value);

    /// @notice Lays the energy that was shown over a line's.
    function layNumbers(uint256 word, uint256 flags, Amounts.Energy memory energy) internal pure {
        if (flags & ENERGY_SHOWN != 0) (energy.importWh, energy.exportWh) = (uint40(word >> 216), uint40(word >> 176));
        if (flags & TRADE_SHOWN != 0) (energy.boughtWh, energy.soldWh) = (uint40(word >> 136), uint40(word >> 96));
    }

    /// @notice Lays the prices that were shown over a header's.
    function layPrices(uint256 word, uint256 flags, Amounts.Prices memory prices) internal pure {
        if (flags & LOCAL_PRICE_SHOWN != 0) prices.local = int64(uint64(word >> 192));
        if (flags & TARIFF_SHOWN != 0) {
            prices.fee = int256(uint256(uint64(word >> 128)));
            (prices.imported, prices.exported) = (int64(uint64(word >> 64)), int64(uint64(word)));
        }
    }

    /// @notice Packs the first word. Reverts if energy that was shown is too large.
    function numbersOf(Amounts.Energy memory energy, uint256 paid, uint256 flags) internal pure returns (uint256 word) {
        word = (paid << 16) | flags;
        if (flags & ENERGY_SHOWN != 0) word |= (_u40(energy.importWh) << 216) | (_u40(energy.exportWh) << 176);
        if (flags & TRADE_SHOWN != 0) word |= (_u40(energy.boughtWh) << 136) | (_u40(energy.soldWh) << 96);
    }

    /// @notice Packs the second word. Reverts if a price that was shown is too large.
    function pricesOf(Amounts.Prices memory prices, uint256 flags) internal pure returns (uint256 word) {
        if (flags & LOCAL_PRICE_SHOWN != 0) word = _i64(prices.local) << 192;
        if (flags & TARIFF_SHOWN != 0) {
            word |= (uint256(prices.fee) << 128) | (_i64(prices.imported) << 64) | _i64(prices.exported);
        }
    }

    function _u40(uint256 value) private pure returns (uint256) {
        if (value > type(uint40).max) revert FactTooLarge(int256(value));
        return value;
    }

    function _i64(int256 value) private pure returns (uint256) {
        if (value != int64(value)) revert FactTooLarge(value);
        return uint64(int64(value));
    }
}
