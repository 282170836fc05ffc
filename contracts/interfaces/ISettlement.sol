// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the escrow asks of Settlement
interface ISettlement {
    /// @notice Bond that the runs which are not final yet require, in token base units.
    function requiredBond() external view returns (uint256);
}
