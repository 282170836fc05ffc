// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IRecordAnchor} from "../interfaces/IRecordAnchor.sol";
import {MerkleLog} from "./MerkleLog.sol";

/// @title The log's checkpoints on chain
/// @notice Accepts a checkpoint only with a proof that it continues the one before: the log can grow, and nothing in
///         it can be edited or removed without everybody seeing that the proof is missing.
/// @dev One word is kept of a checkpoint, the hash of its four fields. Whoever relies on one brings the fields along.
///      There is no counter: the next number is the first without a digest.
contract RecordAnchor is AccessManaged, IRecordAnchor {
    /// @inheritdoc IRecordAnchor
    mapping(uint64 seq => bytes32) public digestOf;

    /// @notice Checkpoint `seq` covers the first `size` log entries under `root`; the block's time is its anchoredAt.
    event CheckpointAnchored(uint64 indexed seq, uint64 size, bytes32 root);

    /// @notice Checkpoints are numbered without gaps; `expected` is the next number.
    error UnexpectedSequence(uint64 given, uint64 expected);
    /// @notice The checkpoint given as the one before is not it. An empty log has one of zeros before the first.
    error PreviousCheckpointWrong(uint64 seq, bytes32 given, bytes32 stored);
    /// @notice A checkpoint covers at least one entry more than the one before.
    error LogDidNotGrow(uint64 oldSize, uint64 newSize);
    /// @notice No checkpoint with these four fields is anchored.
    error UnknownCheckpoint(uint64 seq, uint64 count);

    /// @param authority the AccessManager that knows who may anchor
    constructor(address authority) AccessManaged(authority) {}

    /// @notice Anchors the next checkpoint. Anchorer only.
    /// @dev Reverts if: the caller lacks the role; seq is not the next number; `previous` is not the last checkpoint;
    ///      the log did not grow; the consistency proof fails (the error carries all four roots).
    /// @param seq number of this checkpoint
    /// @param previous the checkpoint before, all zero for the first
    /// @param newSize number of entries covered now
    /// @param newRoot RFC 6962 root over them
    /// @param consistencyProof proof from previous.size to newSize, empty for the first
    function anchor(
        uint64 seq,
        Checkpoint calldata previous,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata consistencyProof
    ) external restricted {
        if (digestOf[seq] != 0) revert UnexpectedSequence(seq, checkpointCount());
        _requireLast(seq, previous);
        if (newSize <= previous.size) revert LogDidNotGrow(previous.size, newSize);
        if (seq != 0) {
            MerkleLog.requireConsistency(previous.size, previous.root, newSize, newRoot, consistencyProof);
        } else if (consistencyProof.length != 0) {
            revert MerkleLog.ProofLengthWrong(consistencyProof.length);
        }
        digestOf[seq] = _digest(seq, newSize, newRoot);
        emit CheckpointAnchored(seq, newSize, newRoot);
    }

    /// @notice The newest checkpoint.
    /// @dev Reverts if none is anchored.
    /// @return seq its number
    /// @return digest keccak256(abi.encode(Checkpoint)) of its fields, which its event and block tell
    function latest() external view returns (uint64 seq, bytes32 digest) {
        uint64 count = checkpointCount();
        if (count == 0) revert UnknownCheckpoint(0, 0);
        return (count - 1, digestOf[count - 1]);
    }

    /// @inheritdoc IRecordAnchor
    /// @dev Searches by doubling, then by halving; for readers, no transaction needs it.
    function checkpointCount() public view returns (uint64) {
        uint64 high = 1;
        while (digestOf[high - 1] != 0) high *= 2;
        uint64 low = high / 2;
        // Number `low - 1` has a digest, `high - 1` has none.
        while (low + 1 < high) {
            uint64 middle = (low + high) / 2;
            if (digestOf[middle - 1] != 0) low = middle;
            else high = middle;
        }
        return low;
    }

    /// @inheritdoc IRecordAnchor
    function isAnchored(Checkpoint calldata checkpoint) public view returns (bool) {
        return digestOf[checkpoint.seq] == _digest(checkpoint);
    }

    /// @notice Whether a log entry stands at `index` of the log that an anchored checkpoint covers.
    /// @dev Reverts if: the checkpoint is not anchored; index outside it; the proof's length does not fit.
    /// @param checkpoint the checkpoint
    /// @param leafHash sha256(0x00 || entry)
    /// @param index position in the log
    /// @param proof inclusion proof
    /// @return whether the proof leads to the checkpoint's root
    function verifyInclusion(Checkpoint calldata checkpoint, bytes32 leafHash, uint64 index, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        if (!isAnchored(checkpoint)) revert UnknownCheckpoint(checkpoint.seq, checkpointCount());
        return MerkleLog.rootFromInclusion(leafHash, index, checkpoint.size, proof) == checkpoint.root;
    }

    /// @dev `previous` is the checkpoint before `seq`, or all zero where there is none.
    function _requireLast(uint64 seq, Checkpoint calldata previous) private view {
        if (seq == 0) {
            if (previous.seq | previous.size | previous.anchoredAt | uint256(previous.root) != 0) {
                revert PreviousCheckpointWrong(seq, _digest(previous), 0);
            }
            return;
        }
        bytes32 given = _digest(previous);
        bytes32 stored;
        unchecked {
            stored = digestOf[seq - 1];
        }
        if (given == stored) return;
        if (stored == 0) revert UnexpectedSequence(seq, checkpointCount());
        revert PreviousCheckpointWrong(seq, given, stored);
    }

    /// @dev keccak256(abi.encode(checkpoint)), copied as it came: a field that does not fit its type makes another
    ///      digest than any that is stored.
    function _digest(Checkpoint calldata checkpoint) private pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let fields := mload(0x40)
            calldatacopy(fields, checkpoint, 128)
            digest := keccak256(fields, 128)
        }
    }

    /// @dev Digest of the checkpoint that this block anchors.
    function _digest(uint64 seq, uint64 size, bytes32 root) private view returns (bytes32 digest) {
        assembly ("memory-safe") {
            let fields := mload(0x40)
            mstore(fields, seq)
            mstore(add(fields, 32), size)
            mstore(add(fields, 64), timestamp())
            mstore(add(fields, 96), root)
            digest := keccak256(fields, 128)
        }
    }
}
