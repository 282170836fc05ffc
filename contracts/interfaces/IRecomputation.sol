// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What Disputes asks of the contract of tier 0
interface IRecomputation {
    /// @notice Takes the energy of a slot as an upheld case found it, and pays what the slot is still owed. A later claim
    ///         about the same slot counts with that energy and with what was paid. Disputes only.
    /// @param runKey names zone and day
    /// @param sequence of the run
    /// @param point metering point
    /// @param slot UTC slot number
    /// @param account that the posted point leaf names
    /// @param importWh energy taken
    /// @param exportWh energy given
    /// @param due recomputed amount less the posted one, token base units; what was paid for the slot is deducted here
    /// @return paid what was added to the ledger of remedies
    function establish(
        bytes32 runKey,
        uint16 sequence,
        bytes32 point,
        uint32 slot,
        address account,
        uint40 importWh,
        uint40 exportWh,
        uint256 due
    ) external returns (uint256 paid);
}
