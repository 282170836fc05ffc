// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What Settlement asks of the escrow
interface IEscrow {
    /// @notice Applies the rows of a checked run. Settlement only.
    /// @param runKey names zone and day
    /// @param sequence 0 for the initial run, then one more for each correction
    /// @param day UTC day number
    /// @param rows address20 || int96, members first, then supplier, fee, dust, balancing
    /// @param previous per row the net of the sequence before; empty for an initial run
    function applyRun(
        bytes32 runKey,
        uint16 sequence,
        uint32 day,
        bytes32[] calldata rows,
        int256[] calldata previous
    ) external;

    /// @notice The only contract that may apply runs.
    function settlement() external view returns (address);

    /// @notice What backs the operator's promises, in token base units.
    function bond() external view returns (uint256);

    /// @notice Seconds between a withdrawal request and its execution.
    function withdrawalDelay() external view returns (uint64);

    /// @notice System account of the supplier of residual energy.
    function supplier() external view returns (address);

    /// @notice System account of the fee.
    function fee() external view returns (address);

    /// @notice System account of rounding remainders.
    function dust() external view returns (address);

    /// @notice System account that carries held energy and shortfalls.
    function balancingAccount() external view returns (address);
}
