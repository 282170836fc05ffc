// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IRecordAnchor} from "../interfaces/IRecordAnchor.sol";
import {MerkleLog} from "./MerkleLog.sol";

/// @title The log's checkpoints on chain
/// @notice Accepts a checkpoint only with a proof that it continues the one before: the log can grow, and nothing in
///         it can be edited or removed without everybody seeing that the proof is missing.
contract RecordAnchor is AccessManaged, IRecordAnchor {
    struct Checkpoint {
        uint64 size;
        uint64 anchoredAt;
        bytes32 root;
    }

    /// @inheritdoc IRecordAnchor
    uint64 public checkpointCount;

    /// @inheritdoc IRecordAnchor
    mapping(uint64 seq => Checkpoint) public checkpoints;

    /// @notice Checkpoint `seq` covers the first `size` log entries under `root`.
    event CheckpointAnchored(uint64 indexed seq, uint64 size, bytes32 root);

    /// @notice Checkpoints are numbered without gaps; `expected` is the next number.
    error UnexpectedSequence(uint64 given, uint64 expected);
    /// @notice The proof starts at another size than the last checkpoint's.
    error UnexpectedOldSize(uint64 given, uint64 expected);
    /// @notice A checkpoint covers at least one entry more than the one before.
    error LogDidNotGrow(uint64 oldSize, uint64 newSize);
    /// @notice No checkpoint has that number yet.
    error UnknownCheckpoint(uint64 seq, uint64 count);

    /// @param authority the AccessManager that knows who may anchor
    constructor(address authority) AccessManaged(authority) {}

    /// @notice Anchors the next checkpoint. Anchorer only.
    /// @dev Reverts if: the caller lacks the role; seq is not the next number; oldSize is not the last size; the log
    ///      did not grow; the consistency proof fails (the error carries all four roots).
    /// @param seq number of this checkpoint
    /// @param oldSize size of the checkpoint before, 0 for the first
    /// @param newSize number of entries covered now
    /// @param newRoot RFC 6962 root over them
    /// @param consistencyProof proof from oldSize to newSize, empty for the first
    function anchor(uint64 seq, uint64 oldSize, uint64 newSize, bytes32 newRoot, bytes32[] calldata consistencyProof)
        external
        restricted
    {
        if (seq != checkpointCount) revert UnexpectedSequence(seq, checkpointCount);
        if (newSize <= oldSize) revert LogDidNotGrow(oldSize, newSize);
        (uint64 lastSize, bytes32 lastRoot) = (0, sha256(""));
        if (seq != 0) (lastSize, lastRoot) = (checkpoints[seq - 1].size, checkpoints[seq - 1].root);
        if (oldSize != lastSize) revert UnexpectedOldSize(oldSize, lastSize);
        MerkleLog.requireConsistency(oldSize, lastRoot, newSize, newRoot, consistencyProof);
        checkpoints[seq] = Checkpoint({size: newSize, anchoredAt: uint64(block.timestamp), root: newRoot});
        checkpointCount = seq + 1;
        emit CheckpointAnchored(seq, newSize, newRoot);
    }

    /// @notice The newest checkpoint.
    /// @dev Reverts if none is anchored.
    /// @return seq its number
    /// @return size number of log entries it covers
    /// @return anchoredAt block time at which it was anchored
    /// @return root its root
    function latest() external view returns (uint64 seq, uint64 size, uint64 anchoredAt, bytes32 root) {
        if (checkpointCount == 0) revert UnknownCheckpoint(0, 0);
        seq = checkpointCount - 1;
        Checkpoint storage last = checkpoints[seq];
        return (seq, last.size, last.anchoredAt, last.root);
    }

    /// @notice Whether a log entry stands at `index` of the log that checkpoint `seq` covers.
    /// @dev Reverts if: no such checkpoint; index outside it; the proof's length does not fit.
    /// @param seq number of the checkpoint
    /// @param leafHash sha256(0x00 || entry)
    /// @param index position in the log
    /// @param proof inclusion proof
    /// @return whether the proof leads to the checkpoint's root
    function verifyInclusion(uint64 seq, bytes32 leafHash, uint64 index, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        if (seq >= checkpointCount) revert UnknownCheckpoint(seq, checkpointCount);
        Checkpoint storage covering = checkpoints[seq];
        return MerkleLog.rootFromInclusion(leafHash, index, covering.size, proof) == covering.root;
    }
}
