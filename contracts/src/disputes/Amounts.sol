// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Openings} from "./Openings.sol";
import {Words} from "./Words.sol";

/// @title The formula of a line, with another energy than the posted one
/// @notice T = sold * local - bought * (local + fee) - ri * import + re * export; amount = floor(T / 1000); a negative ri or
///         re flips to the other tariff. docs/PROTOCOL.md section 2.
library Amounts {
    using Words for bytes32;

    /// @dev A token unit has that many of T.
    int256 private constant MILLI = 1000;

    /// @notice Amount that a line would have with this metered energy, its trade and its header as posted.
    /// @dev Words are below 2^64 and 2^95, so no product comes near 2^255.
    /// @param importWh energy taken
    /// @param exportWh energy given
    /// @param line as posted
    /// @param header of its slot, as posted
    /// @return token base units
    function withEnergy(uint256 importWh, uint256 exportWh, Openings.Line calldata line, Openings.Header calldata header)
        internal
        pure
        returns (int256)
    {
        int256 bought = int256(uint256(line.words[7].asUint()));
        int256 sold = int256(uint256(line.words[8].asUint()));
        int256 local = header.words[1].asInt();
        int256 fee = int256(uint256(header.words[3].asUint()));
        int256 exact = sold * local - bought * (local + fee);
        (int256 importPrice, int256 exportPrice) = (header.words[4].asInt(), header.words[5].asInt());
        int256 residual = int256(importWh) - bought;
        exact -= residual * (residual < 0 ? exportPrice : importPrice);
        residual = int256(exportWh) - sold;
        exact += residual * (residual < 0 ? importPrice : exportPrice);
        return floorDiv(exact, MILLI);
    }

    /// @notice Quotient toward minus infinity; Solidity's own goes toward zero.
    function floorDiv(int256 value, int256 divisor) internal pure returns (int256 quotient) {
        quotient = value / divisor;
        if (value % divisor < 0) --quotient;
    }
}
