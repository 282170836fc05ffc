// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleLog} from "../MerkleLog.sol";

/// @title Test access to the Merkle library
contract MerkleLogHarness {
    /// @notice Leaf hash of data.
    function leafHash(bytes calldata data) external pure returns (bytes32) {
        return MerkleLog.leafHash(data);
    }

    /// @notice Root over leaf hashes.
    function root(bytes32[] calldata hashes) external view returns (bytes32) {
        return MerkleLog.root(hashes);
    }

    /// @notice Reverts unless the proof shows the leaf at that position.
    function requireInclusion(bytes32 leaf, uint256 index, uint256 size, bytes32[] calldata proof, bytes32 expected)
        external
        view
    {
        MerkleLog.requireInclusion(leaf, index, size, proof, expected);
    }

    /// @notice Reverts unless the newer tree continues the older one.
    function requireConsistency(
        uint256 oldSize,
        bytes32 oldRoot,
        uint256 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) external view {
        MerkleLog.requireConsistency(oldSize, oldRoot, newSize, newRoot, proof);
    }
}
