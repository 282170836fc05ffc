// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Words} from "./Words.sol";

/// @title What an opened BINDING says
/// @notice From a day on a point has an account and a meter. Fields by their place in the leaf, docs/PROTOCOL.md section 7.
library Bindings {
    using Words for bytes32;

    uint256 internal constant POINT = 0;
    uint256 internal constant ZONE = 1;
    uint256 internal constant ACCOUNT = 2;
    uint256 internal constant METER_SERIAL_HASH = 3;
    uint256 internal constant REVERSED = 4;
    uint256 internal constant MULTIPLIER_NUM = 5;
    uint256 internal constant MULTIPLIER_DEN = 6;
    uint256 internal constant FROM_DAY = 7;
    uint256 internal constant TO_DAY = 8;

    /// @notice The BINDING is another point's.
    error BindingOfAnother(bytes32 given, bytes32 point);
    /// @notice The BINDING covers fromDay <= day < toDay.
    error BindingNotOfDay(uint256 fromDay, uint256 toDay, uint256 day);

    /// @notice Requires that a BINDING is the point's and covers the day. An open end covers every day after its first.
    /// @param words the BINDING's fields
    /// @param point metering point
    /// @param day UTC day number
    function requireCovers(bytes32[12] calldata words, bytes32 point, uint256 day) internal pure {
        if (words[POINT] != point) revert BindingOfAnother(words[POINT], point);
        (uint64 fromDay, uint64 toDay) = (words[FROM_DAY].asUint(), words[TO_DAY].asIndex());
        if (day < fromDay || day >= toDay) revert BindingNotOfDay(fromDay, toDay, day);
    }

    /// @notice The account that a BINDING gives its point in a zone; zero where it names another zone.
    function accountIn(bytes32[12] calldata words, bytes32 zone) internal pure returns (address) {
        return words[ZONE] == zone ? words[ACCOUNT].asAddress() : address(0);
    }
}
