// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "./AccountWord.sol";
import {Mandates} from "./Mandates.sol";
import {Moves} from "./Moves.sol";
import {Remedies} from "./Remedies.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title Applying a run to the balances
/// @notice What a delivery day does to a member is `effect(net) = net` for a credit and `-min(cap, -net)` for a debt,
///         a function of the day's net alone. A correction therefore applies `effect(new) - effect(previous)`.
///         Example: cap 60, day net -100. The member pays 60; the other 40 are the supplier's ordinary bill. If the
///         day is corrected to -50, the member gets 10 back, and those 40 no longer exist.
///         The zone that debits an account first is the only one that ever does: a cap is for a day, whatever zones post it.
/// @dev Rows sum to zero, effects need not: what members pay less than their rows say is the shortfall. It is carried by
///      the supplier's credit of the run, then the fee, then the balancing account, then the rounding remainder, then
///      what a correction returns to the bond, then members' credits pro rata. Nothing here can revert because of one account.
abstract contract Waterfall is Withdrawals, Mandates, Remedies, Moves {
    /// @notice Debits fell short of credits by the sum of these; each bearer's part.
    event ShortfallCarried(
        bytes32 indexed runKey,
        uint256 bySupplier,
        uint256 byFee,
        uint256 byBalancing,
        uint256 byDust,
        uint256 byBond,
        uint256 byMembers
    );
    /// @notice Debits exceeded credits (a correction undid uncovered debt); the surplus went to those who had carried it.
    event SurplusReturned(bytes32 indexed runKey, uint256 amount);

    /// @dev Applies all rows in two passes: debits, then credits less the shortfall.
    /// @param runKey names zone and day
    /// @param sequence of the run
    /// @param day UTC day number
    /// @param zone number of the run's zone
    /// @param rows address20 || int96, members first, then the system rows
    /// @param previous per row the net of the sequence before; empty for an initial run
    function _applyRows(
        bytes32 runKey,
        uint16 sequence,
        uint32 day,
        uint8 zone,
        bytes32[] calldata rows,
        int256[] calldata previous
    ) internal {
        // Every row moves its account once at most, and the balancing account may have to step in.
        Totals memory totals = _list(rows.length + 1);
        totals.zone = zone;
        if (previous.length == 0) _debitMembers(totals, day, rows);
        else _correctMembers(totals, runKey, day, rows, previous);
        uint256[SYSTEM_ROWS] memory credits = _debitSystem(totals, rows, previous);
        // gap = credits - debits and debits = paid + unpaid, so this is what has to be carried by someone.
        int256 shortfall = totals.gap + int256(totals.unpaid);
        uint256 memberCut;
        if (shortfall > 0) {
            memberCut = _carry(runKey, uint256(shortfall), totals, credits);
        } else if (shortfall < 0) {
            _addToPool(uint256(-shortfall));
            emit SurplusReturned(runKey, uint256(-shortfall));
        }
        if (totals.netted != 0) _bond += uint96(totals.netted);
        _creditMembers(totals, memberCut);
        _creditSystem(totals, credits, rows);
        _tell(totals, runKey, sequence, day);
        _payOwed(OWED_PAID_ALONG);
    }

    /// @dev First pass of an initial run: takes debits up to the day's caps and lists credits.
    function _debitMembers(Totals memory totals, uint256 day, bytes32[] calldata rows) private {
        uint256 place;
        uint256 end;
        assembly ("memory-safe") {
            place := rows.offset
            end := add(place, shl(5, sub(rows.length, 4)))
        }
        while ((place = _debitPlain(totals, day, place, end)) < end) {
            bytes32 row;
            assembly ("memory-safe") {
                row := calldataload(place)
            }
            _debitCapped(totals, address(bytes20(row)), uint256(-int256(int96(uint96(uint256(row))))), day);
            place += 32;
        }
    }

    /// @dev Takes what a member owes for a day, up to its cap; nothing from a member of another zone.
    function _debitCapped(Totals memory totals, address account, uint256 owed, uint256 day) private {
        Account storage a = _accounts[account];
        AccountWord word = a.word;
        uint256 cap = _capFor(word, account, day, totals.zone);
        if (owed > cap) owed = cap;
        if (owed != 0) _debit(totals, a, _inZone(word, totals.zone), account, owed);
    }

    /// @dev The cap of a day for a run of the zone.
    function _capFor(AccountWord word, address account, uint256 day, uint256 zone) private view returns (uint256) {
        uint256 own = word.zone();
        return own == 0 || own == zone ? _capIn(word, account, day) : 0;
    }

    /// @dev The word of an account that a run of the zone debits.
    function _inZone(AccountWord word, uint256 zone) private pure returns (AccountWord) {
        return word.zone() == 0 ? word.withZone(zone) : word;
    }

    /// @dev First pass of a correction: the difference of what two day nets do to each member. What the bond has paid
    ///      of a credit returns there.
    function _correctMembers(
        Totals memory totals,
        bytes32 runKey,
        uint32 day,
        bytes32[] calldata rows,
        int256[] calldata previous
    ) private {
        unchecked {
            uint256 members = rows.length - SYSTEM_ROWS;
            for (uint256 i = 0; i < members; ++i) {
                bytes32 row = _rowAt(rows, i);
                int256 effect = _memberEffect(row, previous[i], day, totals.zone);
                if (effect == 0) continue;
                address account = address(bytes20(row));
                if (effect < 0) {
                    AccountWord word = _inZone(_accounts[account].word, totals.zone);
                    _debit(totals, _accounts[account], word, account, uint256(-effect));
                } else {
                    totals.gap += effect;
                    uint256 back = _net(runKey, account, uint256(effect));
                    uint256 rest = uint256(effect) - back;
                    totals.netted += back;
                    totals.credits += rest;
                    if (rest != 0) _append(totals, _move(account, int256(rest)));
                }
            }
        }
    }

    /// @dev What a run does to a member whose day net becomes the row's after having been `before`.
    function _memberEffect(bytes32 row, int256 before, uint32 day, uint256 zone) private view returns (int256) {
        int256 net = int96(uint96(uint256(row)));
        if (net >= 0 && before >= 0) return net - before;
        address account = address(bytes20(row));
        int256 cap = int256(_capFor(_accounts[account].word, account, day, zone));
        return _capped(net, cap) - _capped(before, cap);
    }

    /// @dev Effect of a day net: a debt costs no more than the cap.
    function _capped(int256 net, int256 cap) private pure returns (int256) {
        return net < -cap ? -cap : net;
    }

    /// @dev Debits of the system rows, which no mandate limits; returns their credits.
    function _debitSystem(Totals memory totals, bytes32[] calldata rows, int256[] calldata previous)
        private
        returns (uint256[SYSTEM_ROWS] memory credits)
    {
        unchecked {
            uint256 first = rows.length - SYSTEM_ROWS;
            for (uint256 i = 0; i < SYSTEM_ROWS; ++i) {
                bytes32 row = _rowAt(rows, first + i);
                int256 effect = int96(uint96(uint256(row)));
                if (previous.length != 0) effect -= previous[first + i];
                if (effect < 0) {
                    address account = address(bytes20(row));
                    _debit(totals, _accounts[account], _accounts[account].word, account, uint256(-effect));
                } else {
                    totals.gap += effect;
                    credits[i] = uint256(effect);
                }
            }
        }
    }

    /// @dev Takes what is owed from the free balance, then from requests; books the rest.
    /// @param a place of the account, so that it is computed once
    /// @param word what stands there
    function _debit(Totals memory totals, Account storage a, AccountWord word, address account, uint256 owed) private {
        unchecked {
            totals.gap -= int256(owed);
            uint256 paid = word.free();
            if (paid >= owed) {
                a.word = word.minus(owed);
                _append(totals, _move(account, -int256(owed)));
                return;
            }
            a.word = word.minus(paid);
            paid += _shrinkRequests(account, owed - paid);
            if (paid != 0) _append(totals, _move(account, -int256(paid)));
            if (paid == owed) return;
            totals.unpaid += owed - paid;
            _bookReceivable(account, owed - paid);
        }
    }

    /// @dev Cuts system credits and what goes back to the bond for a shortfall, and returns what is left for members to
    ///      carry.
    function _carry(
        bytes32 runKey,
        uint256 shortfall,
        Totals memory totals,
        uint256[SYSTEM_ROWS] memory credits
    ) private returns (uint256) {
        uint256[SYSTEM_ROWS] memory by;
        shortfall -= by[0] = _cut(credits, 0, shortfall);
        shortfall -= by[1] = _cut(credits, 1, shortfall);
        if (by[1] != 0) _bookOwed(fee, by[1]);
        shortfall -= by[3] = _cut(credits, 3, shortfall);
        uint256 fromBalance = _min(shortfall, balanceOf(balancingAccount));
        if (fromBalance != 0) {
            _take(balancingAccount, fromBalance);
            _append(totals, _move(balancingAccount, -int256(fromBalance)));
            shortfall -= fromBalance;
            by[3] += fromBalance;
        }
        if (by[3] != 0) _bookOwed(balancingAccount, by[3]);
        // A rounding remainder is nobody's money: it goes before the bond's and a member's credit do.
        shortfall -= by[2] = _cut(credits, 2, shortfall);
        uint256 byBond = _min(shortfall, totals.netted);
        if (byBond != 0) _bookOwed(address(this), byBond);
        totals.netted -= byBond;
        shortfall -= byBond;
        emit ShortfallCarried(runKey, by[0], by[1], by[3], by[2], byBond, shortfall);
        return shortfall;
    }

    /// @dev Reduces a credit by up to `amount` and returns by how much.
    function _cut(uint256[SYSTEM_ROWS] memory credits, uint256 i, uint256 amount) private pure returns (uint256 part) {
        part = _min(amount, credits[i]);
        credits[i] -= part;
    }

    /// @dev Second pass: pays the members' credits that the first one listed, or what is left of them.
    function _creditMembers(Totals memory totals, uint256 cut) private {
        if (cut != 0) _cutCredits(totals, cut);
        uint256 end = totals.end;
        uint256 place = totals.start;
        while ((place = _creditPlain(place, end)) < end) {
            bytes32 move = _moveAt(place);
            _add(address(bytes20(move)), uint256(int256(int96(uint96(uint256(move))))));
            place += 32;
        }
    }

    /// @dev Lowers the listed credits by `cut` in all, pro rata, and books what each is owed. Cuts are differences of a
    ///      running floor, so that they add up to `cut` exactly and none exceeds its credit.
    function _cutCredits(Totals memory totals, uint256 cut) private {
        uint256 seen;
        uint256 cutSoFar;
        for (uint256 place = totals.start; place < totals.end; place += 32) {
            bytes32 move = _moveAt(place);
            int256 effect = int96(uint96(uint256(move)));
            if (effect <= 0) continue;
            seen += uint256(effect);
            uint256 part = (cut * seen) / totals.credits - cutSoFar;
            if (part == 0) continue;
            cutSoFar += part;
            address account = address(bytes20(move));
            _setMove(place, _move(account, effect - int256(part)));
            _enqueueOwed(account, part);
        }
    }

    /// @dev Pays what is left of the system rows' credits.
    function _creditSystem(Totals memory totals, uint256[SYSTEM_ROWS] memory credits, bytes32[] calldata rows) private {
        uint256 first = rows.length - SYSTEM_ROWS;
        for (uint256 i = 0; i < SYSTEM_ROWS; ++i) {
            if (credits[i] == 0) continue;
            address account = address(bytes20(rows[first + i]));
            _append(totals, _move(account, int256(credits[i])));
            _add(account, credits[i]);
        }
    }
}
