// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Balances} from "./Balances.sol";

/// @title What a run moves
/// @notice One event tells all of it: a list of account and amount, in one word each.
/// @dev The list is written where the event is told from, and read without bounds checks. The two loops over what is plain
///      about a run are here as well, in assembly, since they run hundreds of times.
abstract contract Moves is Balances {
    /// @dev System rows at the end of every run: supplier, fee, dust, balancing.
    uint256 internal constant SYSTEM_ROWS = 4;

    /// @dev What a pass over the rows adds up to.
    struct Totals {
        uint256 zone; // number of the run's zone; first, since assembly reads it from there
        int256 gap; // sum of effects: positive if accounts get more than others are to pay
        uint256 unpaid; // debits that balances could not carry
        uint256 credits; // sum of members' positive effects, less what goes to the bond
        uint256 netted; // what of members' positive effects the bond had paid already
        uint256 start; // where in memory the first move is listed
        uint256 end; // where the next one will be
    }

    /// @notice The rows of a run have been applied. `moves` tells, as address20 || int96, what it put on an account
    ///         (before any receivable is collected from it) or took from its free balance and then its requests. An
    ///         account that it did not move is left out; one may stand there twice.
    event RunApplied(bytes32 indexed runKey, uint32 day, uint16 sequence, bytes32[] moves);

    /// @dev Rows from `place` in calldata on, as long as nothing about them is special: credits are listed; debits that
    ///      newest mandate and free balance carry are taken from accounts of the zone and listed as they stand. In
    ///      assembly, since it runs hundreds of times; nothing overflows, since it adds up some hundred numbers below
    ///      2^96. {AccountWord} names the bits.
    /// @return where the first debit of another kind stands, or `end`
    function _debitPlain(Totals memory totals, uint256 day, uint256 place, uint256 end) internal returns (uint256) {
        uint256 list = totals.end;
        int256 gap;
        uint256 credits;
        assembly ("memory-safe") {
            for {} lt(place, end) { place := add(place, 32) } {
                let row := calldataload(place)
                let net := signextend(11, row)
                if iszero(net) { continue }
                switch sgt(net, 0)
                case 1 { credits := add(credits, net) }
                default {
                    mstore(0, shr(96, row))
                    mstore(32, _accounts.slot)
                    let slot := keccak256(0, 64)
                    let word := sload(slot)
                    // Another zone, above the cap, above the free balance, or not between first day and end day.
                    let from := and(shr(184, word), 0xffffffff)
                    if or(
                        or(gt(sub(0, net), shr(168, shl(72, word))), gt(sub(0, net), shr(160, shl(160, word)))),
                        or(
                            iszero(lt(sub(day, from), sub(and(shr(216, word), 0xffffffff), from))),
                            xor(shr(250, word), mload(totals))
                        )
                    ) { break }
                    sstore(slot, add(word, net))
                }
                gap := add(gap, net)
                mstore(list, row)
                list := add(list, 32)
            }
        }
        totals.end = list;
        totals.gap += gap;
        totals.credits += credits;
        return place;
    }

    /// @dev Moves from `place` on, as long as no receivable is to be collected: credits are paid, debits passed over. In
    ///      assembly as {_debitPlain} is.
    /// @return where the first credit to an account with a receivable is listed, or `end`
    function _creditPlain(uint256 place, uint256 end) internal returns (uint256) {
        assembly ("memory-safe") {
            mstore(32, _accounts.slot)
            for {} lt(place, end) { place := add(place, 32) } {
                let move := mload(place)
                let amount := signextend(11, move)
                if sgt(amount, 0) {
                    mstore(0, shr(96, move))
                    let slot := keccak256(0, 64)
                    let word := sload(slot)
                    if and(shr(248, word), 1) { break }
                    sstore(slot, add(word, amount))
                }
            }
        }
        return place;
    }

    /// @dev Makes room for moves, and for what the event holds in front of them.
    function _list(uint256 room) internal pure returns (Totals memory totals) {
        uint256 start;
        assembly ("memory-safe") {
            start := add(mload(0x40), 128)
            mstore(0x40, add(start, shl(5, room)))
        }
        (totals.start, totals.end) = (start, start);
    }

    /// @dev `emit RunApplied(runKey, day, sequence, moves)` without copying the moves.
    function _tell(Totals memory totals, bytes32 runKey, uint16 sequence, uint32 day) internal {
        bytes32 topic = RunApplied.selector;
        (uint256 start, uint256 end) = (totals.start, totals.end);
        assembly ("memory-safe") {
            let data := sub(start, 128)
            mstore(data, day)
            mstore(add(data, 32), sequence)
            mstore(add(data, 64), 96)
            mstore(add(data, 96), shr(5, sub(end, start)))
            log2(data, sub(end, data), topic, runKey)
        }
    }

    /// @dev One move. Whatever moves is real money, of which 95 bits hold all there is.
    function _move(address account, int256 amount) internal pure returns (bytes32) {
        return bytes32((uint256(uint160(account)) << 96) | uint96(int96(amount)));
    }

    function _append(Totals memory totals, bytes32 move) internal pure {
        unchecked {
            uint256 end = totals.end;
            _setMove(end, move);
            totals.end = end + 32;
        }
    }

    function _setMove(uint256 place, bytes32 move) internal pure {
        assembly ("memory-safe") {
            mstore(place, move)
        }
    }

    function _moveAt(uint256 place) internal pure returns (bytes32 move) {
        assembly ("memory-safe") {
            move := mload(place)
        }
    }

    function _rowAt(bytes32[] calldata rows, uint256 i) internal pure returns (bytes32 row) {
        assembly ("memory-safe") {
            row := calldataload(add(rows.offset, shl(5, i)))
        }
    }
}
