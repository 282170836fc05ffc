// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title RFC 6962 Merkle log arithmetic with SHA-256
/// @notice Leaves hash as sha256(0x00 || data), nodes as sha256(0x01 || left || right), so that a leaf can never be
///         shown as a node, nor a node as a leaf. Positions and sizes are part of every statement.
/// @dev Same rule as the Python module `grid.domain.merkle`; both read the same JSON vectors. Proofs are walked in
///      assembly: a dispute pays for some hundred hashes. The 65 bytes of a node lie behind the free memory pointer, and
///      are not kept. A proof that is too short is read on into what follows it, and refused for its length then.
library MerkleLog {
    /// @notice The leaf does not stand at that position of the tree with that root.
    error InclusionFailed(bytes32 computedRoot, bytes32 expectedRoot);
    /// @notice The newer tree does not continue the older one. Both computed and both expected roots are given.
    error ConsistencyFailed(bytes32 computedOld, bytes32 expectedOld, bytes32 computedNew, bytes32 expectedNew);
    /// @notice A proof holds `given` hashes where the tree's shape asks for another number.
    error ProofLengthWrong(uint256 given);
    /// @notice Position `index` lies outside a tree of `size` leaves.
    error IndexOutOfRange(uint256 index, uint256 size);
    /// @notice The older tree is the larger one.
    error SizesOutOfOrder(uint256 oldSize, uint256 newSize);

    /// @notice Hash of a leaf.
    /// @param data the leaf's bytes
    /// @return sha256(0x00 || data)
    function leafHash(bytes memory data) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", data));
    }

    /// @notice Root of a list of leaf hashes; the list is overwritten.
    /// @dev Pairing level by level and lifting an odd last node gives RFC 6962's split at the largest power of two. Two
    ///      neighbours lie side by side already: the node's prefix goes into the byte before them, which the word of the
    ///      list in front gives up for as long as the hash takes.
    /// @param hashes leaf hashes in order
    /// @return top the root; sha256 of nothing for an empty list
    function root(bytes32[] memory hashes) internal view returns (bytes32 top) {
        if (hashes.length == 0) return sha256("");
        assembly ("memory-safe") {
            let width := mload(hashes)
            let first := add(hashes, 32)
            for {} gt(width, 1) {} {
                let to := first
                let end := add(first, shl(6, shr(1, width)))
                for { let from := first } lt(from, end) { from := add(from, 64) } {
                    let front := sub(from, 32)
                    let kept := mload(front)
                    mstore8(sub(from, 1), 1)
                    if iszero(staticcall(gas(), 2, sub(from, 1), 65, 0, 32)) { revert(0, 0) }
                    mstore(front, kept)
                    mstore(to, mload(0))
                    to := add(to, 32)
                }
                if and(width, 1) {
                    mstore(to, mload(end))
                    to := add(to, 32)
                }
                width := shr(5, sub(to, first))
            }
            top := mload(first)
        }
    }

    /// @notice Proves that `leaf` is leaf number `index` of the tree with `size` leaves and root `expected`.
    /// @dev RFC 9162 section 2.1.3.2. Reverts if: index >= size; the proof is too long or too short; roots differ.
    /// @param leaf hash of the leaf
    /// @param index position, from 0
    /// @param size number of leaves
    /// @param proof sibling hashes from the leaf upwards
    /// @param expected root of the tree
    function requireInclusion(bytes32 leaf, uint256 index, uint256 size, bytes32[] calldata proof, bytes32 expected)
        internal
        view
    {
        bytes32 computed = rootFromInclusion(leaf, index, size, proof);
        if (computed != expected) revert InclusionFailed(computed, expected);
    }

    /// @notice Root that an inclusion proof leads to.
    /// @dev Reverts if: index >= size; the proof's length does not fit the tree's shape.
    /// @param leaf hash of the leaf
    /// @param index position, from 0
    /// @param size number of leaves
    /// @param proof sibling hashes from the leaf upwards
    /// @return computed the root
    function rootFromInclusion(bytes32 leaf, uint256 index, uint256 size, bytes32[] calldata proof)
        internal
        view
        returns (bytes32 computed)
    {
        if (index >= size) revert IndexOutOfRange(index, size);
        bool fits;
        assembly ("memory-safe") {
            let pair := add(mload(0x40), 32)
            let bytes65 := sub(pair, 1)
            mstore8(bytes65, 1)
            let next := proof.offset
            let node := index
            computed := leaf
            fits := 1
            // Below where the ways of this leaf and of the last one part, every node has a sibling on one side.
            for { let last := sub(size, 1) } xor(node, last) { last := shr(1, last) } {
                let side := shl(5, and(node, 1))
                mstore(add(pair, side), computed)
                mstore(sub(add(pair, 32), side), calldataload(next))
                fits := and(fits, staticcall(gas(), 2, bytes65, 65, 0, 32))
                computed := mload(0)
                node := shr(1, node)
                next := add(next, 32)
            }
            // Above it lies the right edge: siblings stand to the left, one for each bit that is left.
            for {} node { node := and(node, sub(node, 1)) } {
                mstore(pair, calldataload(next))
                mstore(add(pair, 32), computed)
                fits := and(fits, staticcall(gas(), 2, bytes65, 65, 0, 32))
                computed := mload(0)
                next := add(next, 32)
            }
            fits := and(fits, eq(next, add(proof.offset, shl(5, proof.length))))
        }
        if (!fits) revert ProofLengthWrong(proof.length);
    }

    /// @notice Proves that the tree (newSize, newRoot) begins with the tree (oldSize, oldRoot).
    /// @dev RFC 9162 section 2.1.4.2. An empty tree begins every tree and a tree begins itself, both without a proof.
    ///      Reverts if: oldSize > newSize; the proof's length does not fit; a root differs.
    /// @param oldSize leaves of the older tree
    /// @param oldRoot root of the older tree
    /// @param newSize leaves of the newer tree
    /// @param newRoot root of the newer tree
    /// @param proof the consistency proof
    function requireConsistency(
        uint256 oldSize,
        bytes32 oldRoot,
        uint256 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) internal view {
        if (oldSize > newSize) revert SizesOutOfOrder(oldSize, newSize);
        if (oldSize == 0 || oldSize == newSize) {
            if (proof.length != 0) revert ProofLengthWrong(proof.length);
            bytes32 expectedOld = oldSize == 0 ? sha256("") : newRoot;
            if (oldRoot != expectedOld) revert ConsistencyFailed(expectedOld, oldRoot, newRoot, newRoot);
            return;
        }
        (bool fits, bytes32 computedOld, bytes32 computedNew) = _walk(oldSize - 1, newSize - 1, oldRoot, proof);
        if (!fits) revert ProofLengthWrong(proof.length);
        if (computedOld != oldRoot || computedNew != newRoot) {
            revert ConsistencyFailed(computedOld, oldRoot, computedNew, newRoot);
        }
    }

    /// @dev Both roots that a consistency proof leads to, for 0 < oldSize < newSize, and whether its length is right. As
    ///      long as only siblings to the left have come, the two are one.
    /// @param node position of the older tree's last leaf, then of its ancestors
    /// @param last position of the newer tree's
    function _walk(uint256 node, uint256 last, bytes32 oldRoot, bytes32[] calldata proof)
        private
        view
        returns (bool fits, bytes32 computedOld, bytes32 computedNew)
    {
        assembly ("memory-safe") {
            let pair := add(mload(0x40), 32)
            let bytes65 := sub(pair, 1)
            mstore8(bytes65, 1)
            for {} and(node, 1) {} {
                node := shr(1, node)
                last := shr(1, last)
            }
            let next := proof.offset
            fits := 1
            // An old tree of a power of two is itself a node of the new one: the proof then leaves its root out.
            computedOld := oldRoot
            if node {
                computedOld := calldataload(next)
                next := add(next, 32)
            }
            computedNew := computedOld
            for {} xor(node, last) { last := shr(1, last) } {
                let side := shl(5, and(node, 1))
                mstore(add(pair, side), computedNew)
                mstore(sub(add(pair, 32), side), calldataload(next))
                fits := and(fits, staticcall(gas(), 2, bytes65, 65, 0, 32))
                let parent := mload(0)
                if side {
                    switch eq(computedOld, computedNew)
                    case 0 {
                        mstore(add(pair, 32), computedOld)
                        fits := and(fits, staticcall(gas(), 2, bytes65, 65, 0, 32))
                        computedOld := mload(0)
                    }
                    default { computedOld := parent }
                }
                computedNew := parent
                node := shr(1, node)
                next := add(next, 32)
            }
            for {} node { node := and(node, sub(node, 1)) } {
                mstore(pair, calldataload(next))
                mstore(add(pair, 32), computedNew)
                fits := and(fits, staticcall(gas(), 2, bytes65, 65, 0, 32))
                computedNew := mload(0)
                mstore(add(pair, 32), computedOld)
                fits := and(fits, staticcall(gas(), 2, bytes65, 65, 0, 32))
                computedOld := mload(0)
                next := add(next, 32)
            }
            fits := and(fits, eq(next, add(proof.offset, shl(5, proof.length))))
        }
    }
}
