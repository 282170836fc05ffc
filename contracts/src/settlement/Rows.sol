// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleLog} from "../MerkleLog.sol";

/// @title The rows of a run
/// @notice A row is one word: 20 bytes of account, then the day's net as a signed 96-bit number of token base units,
///         positive if the account receives. Members come first in ascending order, then supplier, fee, dust, balancing.
library Rows {
    /// @notice What a check of all rows adds up to.
    struct Summary {
        uint256 members;
        uint256 absolute; // sum over members of |net|
        int256 dust; // net of the dust row
    }

    /// @notice System rows at the end of every run.
    uint256 internal constant SYSTEM_ROWS = 4;
    /// @notice Accounts that one run may settle.
    uint256 internal constant MAX_MEMBERS = 512;
    /// @notice Rows per hashed chunk.
    uint256 internal constant CHUNK_ROWS = 16;
    bytes32 private constant ROWS_TAG = keccak256("commonwatt.ROWS.v1");

    /// @notice A run has the four system rows and at most 512 members' rows before them.
    error RowCountWrong(uint256 count);
    /// @notice Members' rows ascend by account; row `index` does not.
    error RowsNotAscending(uint256 index, address account);
    /// @notice Row `index` belongs to a system account that has its own place at the end.
    error SystemAccountAmongMembers(uint256 index, address account);
    /// @notice Row `index` should name the system account `expected`.
    error SystemRowWrong(uint256 index, address given, address expected);
    /// @notice Rows, system rows included, do not sum to zero.
    error SumNotZero(int256 sum);
    /// @notice A correction lacks the row of an account that the previous sequence had.
    error RowMissing(address account);

    /// @notice Account of a row.
    function accountOf(bytes32 row) internal pure returns (address) {
        return address(bytes20(row));
    }

    /// @notice Net of a row.
    function netOf(bytes32 row) internal pure returns (int256) {
        return int96(uint96(uint256(row)));
    }

    /// @notice Checks order, system rows and zero sum.
    /// @dev Reverts with the first offending row or with the sum.
    /// @param rows all rows
    /// @param system supplier, fee, dust, balancing
    /// @return summary member count, exposure part and dust
    function check(bytes32[] calldata rows, address[SYSTEM_ROWS] memory system)
        internal
        pure
        returns (Summary memory summary)
    {
        if (rows.length < SYSTEM_ROWS || rows.length > MAX_MEMBERS + SYSTEM_ROWS) revert RowCountWrong(rows.length);
        uint256 members = rows.length - SYSTEM_ROWS;
        (int256 sum, uint256 absolute) = _sumMembers(rows, members);
        for (uint256 i = 0; i < SYSTEM_ROWS; ++i) {
            address given = accountOf(rows[members + i]);
            if (given != system[i]) revert SystemRowWrong(members + i, given, system[i]);
            _requireNoMember(rows, members, given);
            sum += netOf(rows[members + i]);
        }
        if (sum != 0) revert SumNotZero(sum);
        return Summary({members: members, absolute: absolute, dust: netOf(rows[members + 2])});
    }

    /// @dev Adds members' rows up and requires them to ascend. In assembly, since it runs hundreds of times: at most 512
    ///      numbers of 96 bits, so nothing overflows.
    function _sumMembers(bytes32[] calldata rows, uint256 members)
        private
        pure
        returns (int256 sum, uint256 absolute)
    {
        uint256 ascending;
        assembly ("memory-safe") {
            let last := 0
            let place := rows.offset
            for { let end := add(place, shl(5, members)) } lt(place, end) { place := add(place, 32) } {
                let row := calldataload(place)
                let account := shr(96, row)
                if iszero(gt(account, last)) { break }
                last := account
                let net := signextend(11, row)
                sum := add(sum, net)
                let sign := sar(255, net)
                absolute := add(absolute, sub(xor(net, sign), sign))
            }
            ascending := shr(5, sub(place, rows.offset))
        }
        if (ascending != members) revert RowsNotAscending(ascending, accountOf(rows[ascending]));
    }

    /// @dev Looks for a system account among the ascending members by halving.
    function _requireNoMember(bytes32[] calldata rows, uint256 members, address account) private pure {
        uint256 low;
        bool found;
        assembly ("memory-safe") {
            for { let high := members } lt(low, high) {} {
                let middle := shr(1, add(low, high))
                switch lt(shr(96, calldataload(add(rows.offset, shl(5, middle)))), account)
                case 0 { high := middle }
                default { low := add(middle, 1) }
            }
            let word := calldataload(add(rows.offset, shl(5, low)))
            found := and(lt(low, members), eq(shr(96, word), account))
        }
        if (found) revert SystemAccountAmongMembers(low, account);
    }

    /// @notice Nets of the previous sequence, row by row of the new one.
    /// @dev Reverts if an account of the previous sequence has no new row. Both lists ascend, so one walk suffices.
    /// @param rows the new rows, checked
    /// @param previousRows the rows that stand
    /// @return before previous net per new row, 0 for an account that is new
    /// @return moved sum over members of |new net - previous net|
    /// @return changed number of members whose net changes
    function alignPrevious(bytes32[] calldata rows, bytes32[] calldata previousRows)
        internal
        pure
        returns (int256[] memory before, uint256 moved, uint256 changed)
    {
        before = new int256[](rows.length);
        uint256 members = rows.length - SYSTEM_ROWS;
        uint256 previousMembers = previousRows.length - SYSTEM_ROWS;
        uint256 next;
        for (uint256 i = 0; i < members; ++i) {
            if (next < previousMembers && accountOf(previousRows[next]) == accountOf(rows[i])) {
                before[i] = netOf(previousRows[next]);
                ++next;
            }
            int256 difference = netOf(rows[i]) - before[i];
            if (difference == 0) continue;
            moved += uint256(difference < 0 ? -difference : difference);
            ++changed;
        }
        if (next != previousMembers) revert RowMissing(accountOf(previousRows[next]));
        for (uint256 i = 0; i < SYSTEM_ROWS; ++i) before[members + i] = netOf(previousRows[previousMembers + i]);
    }

    /// @notice Root over the rows: RFC 6962 over leaves of tag || up to 16 rows.
    /// @param rows all rows
    /// @return the root
    function root(bytes32[] calldata rows) internal view returns (bytes32) {
        uint256 chunks = (rows.length + CHUNK_ROWS - 1) / CHUNK_ROWS;
        bytes32[] memory leaves = new bytes32[](chunks);
        bytes32 tag = ROWS_TAG;
        assembly ("memory-safe") {
            // The leaf's bytes lie behind the free memory pointer: 31 of nothing, the prefix, the tag, the rows.
            let data := mload(0x40)
            mstore(data, 0)
            mstore(add(data, 32), tag)
            let chunk := rows.offset
            let end := add(chunk, shl(5, rows.length))
            let leaf := leaves
            for {} lt(chunk, end) { chunk := add(chunk, 512) } {
                leaf := add(leaf, 32)
                let length := sub(end, chunk)
                if gt(length, 512) { length := 512 }
                calldatacopy(add(data, 64), chunk, length)
                if iszero(staticcall(gas(), 2, add(data, 31), add(length, 33), leaf, 32)) { revert(0, 0) }
            }
        }
        return MerkleLog.root(leaves);
    }
}
