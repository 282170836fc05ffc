// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rows} from "../settlement/Rows.sol";
import {Openings} from "./Openings.sol";

/// @title An account's row of a posted run
/// @notice Rows stand in ascending order of address, the four system rows last. So a row is shown by its chunk, and that
///         there is none by the two rows between which it would stand.
/// @dev The number of chunks is the claimant's word. It cannot matter: a leaf and a node never have the same hash, so a path
///      ends at a leaf that exists; and two paths to places p and p + 1 of one tree of any size part at a single node, one
///      keeping right, the other left, so their leaves are neighbours in the real tree as well.
library RowProofs {
    /// @notice A chunk that has the account's row; or one or two neighbouring chunks that have the place where it would be.
    struct RowProof {
        uint64 chunkCount;
        Openings.RowChunk[] chunks;
    }

    /// @notice Neither the account's row nor the place where it would stand is shown.
    error RowNotShown(address account);
    /// @notice System accounts are no members.
    error SystemAccount(address account);
    /// @notice A row is shown by one chunk, a missing one by two at most, which are neighbours.
    error ChunksWrong(uint256 given);

    /// @notice The net that a run gives an account; zero for an account without a row.
    /// @param proof the opened chunks
    /// @param rowsRoot of the run
    /// @param account a member's id
    /// @param system supplier, fee, dust, balancing
    /// @return net token base units
    function netOf(RowProof calldata proof, bytes32 rowsRoot, address account, address[4] memory system)
        internal
        view
        returns (int256 net)
    {
        Openings.RowChunk[] calldata chunks = proof.chunks;
        uint256 count = chunks.length;
        if (count == 0 || count > 2) revert ChunksWrong(count);
        if (count == 2 && chunks[1].position != uint256(chunks[0].position) + 1) revert ChunksWrong(count);
        if (_isSystem(account, system)) revert SystemAccount(account);
        // What stands before the first row of all is like a member below every other.
        bytes32 before = bytes32(0);
        bool known = chunks[0].position == 0;
        for (uint256 i = 0; i < count; ++i) {
            Openings.requireRows(rowsRoot, proof.chunkCount, chunks[i]);
            bytes32[] calldata rows = chunks[i].rows;
            for (uint256 j = 0; j < rows.length; ++j) {
                bytes32 row = rows[j];
                if (Rows.accountOf(row) == account) return Rows.netOf(row);
                if (known && _parts(before, row, account, system)) return 0;
                (before, known) = (row, true);
            }
        }
        revert RowNotShown(account);
    }

    /// @dev Whether the account would stand between two neighbouring rows. The first must be a member's, for system rows
    ///      stand in no order; the second is then a member's or the supplier's, which every member precedes.
    function _parts(bytes32 before, bytes32 next, address account, address[4] memory system)
        private
        pure
        returns (bool)
    {
        (address low, address high) = (Rows.accountOf(before), Rows.accountOf(next));
        return low < account && !_isSystem(low, system) && (account < high || high == system[0]);
    }

    function _isSystem(address account, address[4] memory system) private pure returns (bool) {
        return account == system[0] || account == system[1] || account == system[2] || account == system[3];
    }
}
