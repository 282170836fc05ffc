// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What other contracts ask of the anchored log
interface IRecordAnchor {
    /// @notice A checkpoint as a caller brings it along; {isAnchored} says whether it is true.
    struct Checkpoint {
        uint64 seq; // its number, from 0
        uint64 size; // number of log entries it covers
        uint64 anchoredAt; // block time at which it was anchored, unix seconds
        bytes32 root; // RFC 6962 root over those entries
    }

    /// @notice Number of checkpoints anchored; the next one carries this number.
    function checkpointCount() external view returns (uint64);

    /// @notice keccak256(abi.encode(Checkpoint)) of the checkpoint with that number; zero if there is none.
    function digestOf(uint64 seq) external view returns (bytes32);

    /// @notice Whether exactly this checkpoint was anchored.
    /// @param checkpoint number, size, time and root
    /// @return whether all four are as they were anchored
    function isAnchored(Checkpoint calldata checkpoint) external view returns (bool);
}
