// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What other contracts read from the anchored log
interface IRecordAnchor {
    /// @notice Number of checkpoints anchored; the next one carries this number.
    function checkpointCount() external view returns (uint64);

    /// @notice One anchored checkpoint of the log.
    /// @param seq its number, from 0
    /// @return size number of log entries it covers
    /// @return anchoredAt block time at which it was anchored, unix seconds
    /// @return root RFC 6962 root over those entries
    function checkpoints(uint64 seq) external view returns (uint64 size, uint64 anchoredAt, bytes32 root);
}
