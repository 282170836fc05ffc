// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleLog} from "../MerkleLog.sol";

/// @title Leaves as they lie in calldata
/// @notice An opening of fixed length is its words, its place where that does not follow from the words, and the offset of
///         its path. Read as it lies there, one routine serves openings of every kind.
library Leaves {
    /// @dev Lines of a point's day, headers of a run, slots of a tariff.
    uint256 internal constant SLOTS_PER_DAY = 96;

    /// @notice Requires a leaf of a day's 96. Reverts as {MerkleLog.requireInclusion} does.
    /// @param tag of its kind
    /// @param start where the opening lies in calldata: `count` words, then the offset of the path
    /// @param count its words, tag aside
    /// @param place in its tree
    /// @param root of the tree
    function requirePlaced(bytes32 tag, uint256 start, uint256 count, uint256 place, bytes32 root) internal view {
        bytes32[] calldata proof = _proof(start, count);
        MerkleLog.requireInclusion(hashOf(tag, start, count), place, SLOTS_PER_DAY, proof, root);
    }

    /// @notice Requires a leaf of any tree. Reverts as {MerkleLog.requireInclusion} does.
    /// @param tag of its kind
    /// @param start where the opening lies in calldata: `count` words, the leaf's place, then the offset of the path
    /// @param count its words, tag aside
    /// @param size of the tree
    /// @param root of the tree
    function requireIndexed(bytes32 tag, uint256 start, uint256 count, uint256 size, bytes32 root) internal view {
        requireAt(hashOf(tag, start, count), start, count, size, root);
    }

    /// @notice {requireIndexed} of a leaf that is hashed already.
    function requireAt(bytes32 leaf, uint256 start, uint256 count, uint256 size, bytes32 root) internal view {
        bytes32[] calldata proof = _proof(start, count + 1);
        uint256 index;
        assembly {
            index := calldataload(add(start, mul(count, 32)))
        }
        MerkleLog.requireInclusion(leaf, index, size, proof, root);
    }

    /// @notice sha256(0x00 || tag || words), laid beyond the free memory pointer and not kept.
    /// @param tag of the leaf's kind
    /// @param start where the words lie in calldata
    /// @param count their number
    /// @return leaf its hash
    function hashOf(bytes32 tag, uint256 start, uint256 count) internal view returns (bytes32 leaf) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            let length := mul(count, 32)
            mstore8(p, 0)
            mstore(add(p, 1), tag)
            calldatacopy(add(p, 33), start, length)
            if iszero(staticcall(gas(), 2, p, add(length, 33), 0, 32)) { revert(0, 0) }
            leaf := mload(0)
        }
    }

    /// @dev The list whose offset is word `word` of an opening. A list that lies elsewhere or outside is a wrong proof at
    ///      worst: all of calldata is the caller's word, and a tree's size bounds how much of it is read.
    function _proof(uint256 start, uint256 word) private pure returns (bytes32[] calldata proof) {
        assembly {
            let list := add(start, calldataload(add(start, mul(word, 32))))
            proof.offset := add(list, 32)
            proof.length := calldataload(list)
        }
    }
}
