// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The one formula that turns energy and prices into money
/// @notice Both market modes, docs/PROTOCOL.md section 2. Energy that was bought and not used goes to the supplier at the
///         export price, energy that was sold and not delivered comes from it at the import price.
library Amounts {
    /// @notice What was metered and what was traded in one slot, in Wh; each below 2^64.
    struct Energy {
        uint256 importWh;
        uint256 exportWh;
        uint256 boughtWh;
        uint256 soldWh;
    }

    /// @notice Prices of one slot in micro-currency per kWh; each of 96 bits with sign. Only the fee is never negative.
    struct Prices {
        int256 local;
        int256 fee;
        int256 imported;
        int256 exported;
    }

    /// @dev Wh times micro-currency per kWh is a thousandth of a token unit.
    int256 private constant MILLI = 1000;

    /// @notice Amount of a line.
    /// @param energy of the slot
    /// @param prices of the slot
    /// @return amount floor(T / 1000) toward minus infinity, token base units; positive is owed to the member
    function amountOf(Energy memory energy, Prices memory prices) internal pure returns (int256 amount) {
        // Four products of 64 and 97 bits: nothing here comes near 256 bits.
        unchecked {
            int256 bought = int256(energy.boughtWh);
            int256 sold = int256(energy.soldWh);
            int256 used = int256(energy.importWh) - bought;
            int256 given = int256(energy.exportWh) - sold;
            int256 milli = sold * prices.local - bought * (prices.local + prices.fee);
            milli -= used * (used < 0 ? prices.exported : prices.imported);
            milli += given * (given < 0 ? prices.imported : prices.exported);
            amount = milli / MILLI;
            // Division drops the fraction, which for a negative T rounds up.
            if (milli % MILLI < 0) --amount;
        }
    }
}
