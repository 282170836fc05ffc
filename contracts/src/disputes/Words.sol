// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Typed reading of a leaf's words
/// @notice One fact has one encoding: a word that no writer makes is refused where it is used. docs/PROTOCOL.md section 7.
library Words {
    /// @notice The word does not hold a value of the field's type.
    error WordRefused(bytes32 word);

    /// @dev An absent index, an open day.
    uint64 internal constant NONE = type(uint64).max;

    /// @notice `uint`: below 2^64 - 1.
    function asUint(bytes32 word) internal pure returns (uint64) {
        if (uint256(word) >= NONE) revert WordRefused(word);
        return uint64(uint256(word));
    }

    /// @notice Four of type `uint`. Most are far below the bound, which one look shows.
    function requireUints(uint256 a, uint256 b, uint256 c, uint256 d) internal pure {
        if (a | b | c | d < NONE) return;
        asUint(bytes32(a));
        asUint(bytes32(b));
        asUint(bytes32(c));
        asUint(bytes32(d));
    }

    /// @notice `index`: as `uint`, or NONE.
    function asIndex(bytes32 word) internal pure returns (uint64) {
        if (uint256(word) > NONE) revert WordRefused(word);
        return uint64(uint256(word));
    }

    /// @notice `int`: two's complement, 96 bits.
    function asInt(bytes32 word) internal pure returns (int96 value) {
        value = int96(int256(uint256(word)));
        if (int256(value) != int256(uint256(word))) revert WordRefused(word);
    }

    /// @notice Three of type `int`.
    function requireInts(int256 a, int256 b, int256 c) internal pure {
        unchecked {
            // Moved up by 2^95, what fits has no bit above the 96th.
            int256 half = 1 << 95;
            if (uint256((a + half) | (b + half) | (c + half)) >> 96 == 0) return;
        }
        asInt(bytes32(uint256(a)));
        asInt(bytes32(uint256(b)));
        asInt(bytes32(uint256(c)));
    }

    /// @notice `bool`: 0 or 1.
    function asBool(bytes32 word) internal pure returns (bool) {
        if (uint256(word) > 1) revert WordRefused(word);
        return uint256(word) == 1;
    }

    /// @notice `address`: 20 bytes, zeros in front.
    function asAddress(bytes32 word) internal pure returns (address) {
        if (uint256(word) > type(uint160).max) revert WordRefused(word);
        return address(uint160(uint256(word)));
    }
}
