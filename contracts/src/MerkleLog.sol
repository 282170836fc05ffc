// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title RFC 6962 Merkle log arithmetic with SHA-256
/// @notice Leaves hash as sha256(0x00 || data), nodes as sha256(0x01 || left || right), so that a leaf can never be
///         shown as a node, nor a node as a leaf. Positions and sizes are part of every statement.
/// @dev Same rule as the Python module `grid.domain.merkle`; both read the same JSON vectors.
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

    /// @notice Hash of an inner node.
    /// @param left hash of the left child
    /// @param right hash of the right child
    /// @return hash sha256(0x01 || left || right)
    function nodeHash(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        // The 65 bytes are laid beyond the free memory pointer and not kept: a proof costs no memory growth.
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore8(p, 1)
            mstore(add(p, 1), left)
            mstore(add(p, 33), right)
            if iszero(staticcall(gas(), 2, p, 65, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }

    /// @notice Root of a list of leaf hashes; the list is overwritten.
    /// @dev Pairing level by level and lifting an odd last node gives RFC 6962's split at the largest power of two.
    /// @param hashes leaf hashes in order
    /// @return the root; sha256 of nothing for an empty list
    function root(bytes32[] memory hashes) internal view returns (bytes32) {
        uint256 width = hashes.length;
        if (width == 0) return sha256("");
        while (width > 1) {
            uint256 pairs = width / 2;
            for (uint256 i = 0; i < pairs; ++i) hashes[i] = nodeHash(hashes[2 * i], hashes[2 * i + 1]);
            if (width % 2 == 1) {
                hashes[pairs] = hashes[width - 1];
                ++pairs;
            }
            width = pairs;
        }
        return hashes[0];
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
        uint256 node = index;
        uint256 last = size - 1;
        computed = leaf;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (last == 0) revert ProofLengthWrong(proof.length);
            if (node & 1 == 1 || node == last) {
                computed = nodeHash(proof[i], computed);
                // A lifted node has no sibling on the levels it skipped.
                while (node & 1 == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                computed = nodeHash(computed, proof[i]);
            }
            node >>= 1;
            last >>= 1;
        }
        if (last != 0) revert ProofLengthWrong(proof.length);
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
        uint256 node = oldSize - 1;
        uint256 last = newSize - 1;
        while (node & 1 == 1) {
            node >>= 1;
            last >>= 1;
        }
        // An old tree of a power of two is itself a node of the new one: the proof then leaves its root out.
        uint256 next = node == 0 ? 0 : 1;
        if (proof.length < next) revert ProofLengthWrong(proof.length);
        bytes32 computedOld = next == 0 ? oldRoot : proof[0];
        bytes32 computedNew = computedOld;
        for (; next < proof.length; ++next) {
            if (last == 0) revert ProofLengthWrong(proof.length);
            bytes32 sibling = proof[next];
            if (node & 1 == 1 || node == last) {
                computedOld = nodeHash(sibling, computedOld);
                computedNew = nodeHash(sibling, computedNew);
                while (node & 1 == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                computedNew = nodeHash(computedNew, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        if (last != 0) revert ProofLengthWrong(proof.length);
        if (computedOld != oldRoot || computedNew != newRoot) {
            revert ConsistencyFailed(computedOld, oldRoot, computedNew, newRoot);
        }
    }
}
