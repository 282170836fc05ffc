// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Amounts} from "../disputes/Amounts.sol";
import {FactWords} from "../disputes/FactWords.sol";
import {Words} from "../disputes/Words.sol";

/// @title Test access to typed words and to the words that keep shown facts
contract WordsHarness {
    /// @notice Reads a word as `uint`.
    function asUint(bytes32 word) external pure returns (uint64) {
        return Words.asUint(word);
    }

    /// @notice Reads a word as `index`.
    function asIndex(bytes32 word) external pure returns (uint64) {
        return Words.asIndex(word);
    }

    /// @notice Reads a word as `int`.
    function asInt(bytes32 word) external pure returns (int96) {
        return Words.asInt(word);
    }

    /// @notice Reads a word as `bool`.
    function asBool(bytes32 word) external pure returns (bool) {
        return Words.asBool(word);
    }

    /// @notice Reads a word as `address`.
    function asAddress(bytes32 word) external pure returns (address) {
        return Words.asAddress(word);
    }

    /// @notice Refuses four words unless each is a `uint`.
    function requireUints(uint256 a, uint256 b, uint256 c, uint256 d) external pure {
        Words.requireUints(a, b, c, d);
    }

    /// @notice Refuses three words unless each is an `int`.
    function requireInts(int256 a, int256 b, int256 c) external pure {
        Words.requireInts(a, b, c);
    }

    /// @notice First word of what has been shown of a slot.
    function numbersOf(Amounts.Energy calldata energy, uint256 paid, uint256 flags) external pure returns (uint256) {
        return FactWords.numbersOf(energy, paid, flags);
    }

    /// @notice Second word of what has been shown of a slot.
    function pricesOf(Amounts.Prices calldata prices, uint256 flags) external pure returns (uint256) {
        return FactWords.pricesOf(prices, flags);
    }

    /// @notice A line's energy with what was shown laid over it.
    function laid(uint256 word, uint256 flags, Amounts.Energy memory energy)
        external
        pure
        returns (Amounts.Energy memory)
    {
        FactWords.layNumbers(word, flags, energy);
        return energy;
    }

    /// @notice A header's prices with what was shown laid over them.
    function laidPrices(uint256 word, uint256 flags, Amounts.Prices memory prices)
        external
        pure
        returns (Amounts.Prices memory)
    {
        FactWords.layPrices(word, flags, prices);
        return prices;
    }
}
