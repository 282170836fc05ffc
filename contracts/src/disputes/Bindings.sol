// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Openings} from "./Openings.sol";
import {Words} from "./Words.sol";

/// @title What a BINDING says
/// @notice From a day on, a point belongs to an account and a zone. Of those that cover a day the one with the highest log
///         index counts.
library Bindings {
    using Words for bytes32;

    /// @notice The BINDING is of another point, account or zone, or does not cover the day.
    error BindingWrong(bytes32 point, address account, bytes32 zone, uint32 day);

    /// @notice Metering point.
    function pointOf(Openings.Binding calldata entry) internal pure returns (bytes32) {
        return entry.words[0];
    }

    /// @notice Community zone.
    function zoneOf(Openings.Binding calldata entry) internal pure returns (bytes32) {
        return entry.words[1];
    }

    /// @notice Account that stands for the point.
    function accountOf(Openings.Binding calldata entry) internal pure returns (address) {
        return entry.words[2].asAddress();
    }

    /// @notice Whether it covers a UTC day; its own last day is exclusive.
    function covers(Openings.Binding calldata entry, uint32 day) internal pure returns (bool) {
        return entry.words[7].asUint() <= day && day < entry.words[8].asIndex();
    }

    /// @notice Requires that it binds the account in the zone on that day.
    function requireFor(Openings.Binding calldata entry, address account, bytes32 zone, uint32 day) internal pure {
        if (accountOf(entry) != account || zoneOf(entry) != zone || !covers(entry, day)) {
            revert BindingWrong(pointOf(entry), accountOf(entry), zoneOf(entry), day);
        }
    }
}
