// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "./AccountWord.sol";
import {Mandates} from "./Mandates.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title Applying a run to the balances
/// @notice What a delivery day does to a member is `effect(net) = net` for a credit and `-min(cap, -net)` for a debt,
///         a function of the day's net alone. A correction therefore applies `effect(new) - effect(previous)`.
///         Example: cap 60, day net -100. The member pays 60; the other 40 are the supplier's ordinary bill. If the
///         day is corrected to -50, the member gets 10 back, and those 40 no longer exist.
/// @dev Rows sum to zero, effects need not: what members pay less than their rows say is the shortfall. It is carried by
///      the supplier's credit of the run, then the fee, then the balancing account, then the rounding remainder, then
///      members' credits pro rata. Nothing here can revert because of one account.
abstract contract Waterfall is Withdrawals, Mandates {
    /// @dev System rows at the end of every run: supplier, fee, dust, balancing.
    uint256 internal constant SYSTEM_ROWS = 4;
    /// @dev In place of a day, for debits that no mandate limits.
    uint32 private constant NO_CAP = type(uint32).max;

    /// @dev What a pass over the rows adds up to.
    struct Totals {
        int256 gap; // sum of effects: positive if members get more than others are to pay
        uint256 unpaid; // debits that balances could not carry
        uint256 credits; // sum of members' positive effects
    }

    /// @notice The rows of a run have been applied; what they left uncovered and who carried it.
    event RunApplied(bytes32 indexed runKey, uint32 day, uint16 sequence);
    /// @notice Debits fell short of credits by the sum of these; each bearer's part.
    event ShortfallCarried(
        bytes32 indexed runKey, uint256 bySupplier, uint256 byFee, uint256 byBalancing, uint256 byDust, uint256 byMembers
    );
    /// @notice Debits exceeded credits (a correction undid uncovered debt); the surplus went to those who had carried it.
    event SurplusReturned(bytes32 indexed runKey, uint256 amount);

    /// @dev Applies all rows in two passes: debits, then credits less the shortfall.
    /// @param runKey names zone and day
    /// @param day UTC day number
    /// @param rows address20 || int96, members first, then the system rows
    /// @param previous per row the net of the sequence before; empty for an initial run
    function _applyRows(bytes32 runKey, uint32 day, bytes32[] calldata rows, int256[] calldata previous) internal {
        int256[] memory effects = new int256[](rows.length);
        Totals memory totals = _debitRows(day, rows, previous, effects);
        // gap = credits - debits and debits = paid + unpaid, so this is what has to be carried by someone.
        int256 shortfall = totals.gap + int256(totals.unpaid);
        uint256 memberCut;
        if (shortfall > 0) {
            memberCut = _carry(runKey, uint256(shortfall), effects);
        } else if (shortfall < 0) {
            _addToPool(uint256(-shortfall));
            emit SurplusReturned(runKey, uint256(-shortfall));
        }
        _creditRows(rows, effects, totals.credits, memberCut);
        payOwed(OWED_PAID_ALONG);
    }

    /// @dev First pass: computes every effect and carries out the debits. Unchecked: some hundred numbers below 2^97.
    function _debitRows(uint32 day, bytes32[] calldata rows, int256[] calldata previous, int256[] memory effects)
        private
        returns (Totals memory totals)
    {
        unchecked {
            uint256 members = rows.length - SYSTEM_ROWS;
            for (uint256 i = 0; i < rows.length; ++i) {
                bytes32 row = _rowAt(rows, i);
                int256 effect = int96(uint96(uint256(row)));
                if (previous.length != 0) {
                    effect = i < members ? _memberEffect(row, previous[i], day) : effect - previous[i];
                }
                if (effect > 0) {
                    _setEffect(effects, i, effect);
                    totals.gap += effect;
                    if (i < members) totals.credits += uint256(effect);
                } else if (effect < 0) {
                    // A correction's effect lies within the cap already.
                    bool capped = previous.length == 0 && i < members;
                    _debit(totals, address(bytes20(row)), uint256(-effect), capped ? day : NO_CAP);
                }
            }
        }
    }

    /// @dev What a run does to a member whose day net becomes the row's after having been `before`.
    function _memberEffect(bytes32 row, int256 before, uint32 day) private view returns (int256) {
        int256 net = int96(uint96(uint256(row)));
        if (net >= 0 && before >= 0) return net - before;
        int256 cap = int256(capOn(address(bytes20(row)), day));
        return _capped(net, cap) - _capped(before, cap);
    }

    /// @dev Effect of a day net: a debt costs no more than the cap.
    function _capped(int256 net, int256 cap) private pure returns (int256) {
        return net < -cap ? -cap : net;
    }

    /// @dev Takes what is owed, up to the cap of `day`, from the free balance, then from requests; books the rest.
    function _debit(Totals memory totals, address account, uint256 owed, uint32 day) private {
        Account storage a = _accounts[account];
        AccountWord word = a.word;
        if (day != NO_CAP) owed = _min(owed, _capIn(word, account, day));
        if (owed == 0) return;
        unchecked {
            totals.gap -= int256(owed);
            uint256 free = word.free();
            if (free >= owed) {
                a.word = word.withFree(free - owed);
                _emitDebited(account, owed);
                return;
            }
            a.word = word.withFree(0);
            uint256 paid = free + _shrinkRequests(account, owed - free);
            if (paid != 0) _emitDebited(account, paid);
            if (paid == owed) return;
            totals.unpaid += owed - paid;
            _bookReceivable(account, owed - paid);
        }
    }

    /// @dev Cuts system credits for a shortfall and returns what is left for members to carry.
    function _carry(bytes32 runKey, uint256 shortfall, int256[] memory effects) private returns (uint256) {
        uint256 first = effects.length - SYSTEM_ROWS;
        uint256 bySupplier = _cut(effects, first, shortfall);
        shortfall -= bySupplier;
        uint256 byFee = _cut(effects, first + 1, shortfall);
        shortfall -= byFee;
        if (byFee != 0) _bookOwed(fee, byFee);
        uint256 byBalancing = _cut(effects, first + 3, shortfall);
        shortfall -= byBalancing;
        uint256 fromBalance = _min(shortfall, balanceOf(balancingAccount));
        if (fromBalance != 0) {
            _take(balancingAccount, fromBalance);
            _emitDebited(balancingAccount, fromBalance);
            shortfall -= fromBalance;
            byBalancing += fromBalance;
        }
        if (byBalancing != 0) _bookOwed(balancingAccount, byBalancing);
        // A rounding remainder is nobody's money: it goes before a member's credit does.
        uint256 byDust = _cut(effects, first + 2, shortfall);
        shortfall -= byDust;
        emit ShortfallCarried(runKey, bySupplier, byFee, byBalancing, byDust, shortfall);
        return shortfall;
    }

    /// @dev Reduces a positive effect by up to `amount` and returns by how much.
    function _cut(int256[] memory effects, uint256 i, uint256 amount) private pure returns (uint256 part) {
        if (effects[i] <= 0) return 0;
        part = _min(amount, uint256(effects[i]));
        effects[i] -= int256(part);
    }

    /// @dev Second pass: pays the credits. Members' cuts are differences of a running floor, so that they add up to
    ///      `cut` exactly and none exceeds its credit.
    function _creditRows(bytes32[] calldata rows, int256[] memory effects, uint256 credits, uint256 cut) private {
        uint256 members = rows.length - SYSTEM_ROWS;
        uint256 seen;
        uint256 cutSoFar;
        for (uint256 i = 0; i < rows.length; ++i) {
            int256 effect = _effectAt(effects, i);
            if (effect <= 0) continue;
            uint256 amount = uint256(effect);
            address account = address(bytes20(_rowAt(rows, i)));
            if (cut != 0 && i < members) {
                seen += amount;
                uint256 part = (cut * seen) / credits - cutSoFar;
                cutSoFar += part;
                amount -= part;
                if (part != 0) _enqueueOwed(account, part);
                if (amount == 0) continue;
            }
            _emitCredited(account, amount);
            _add(account, amount);
        }
    }

    // The loops above run hundreds of times: these three leave out the bounds check that the loop makes already.

    function _rowAt(bytes32[] calldata rows, uint256 i) private pure returns (bytes32 row) {
        assembly ("memory-safe") {
            row := calldataload(add(rows.offset, shl(5, i)))
        }
    }

    function _effectAt(int256[] memory effects, uint256 i) private pure returns (int256 effect) {
        assembly ("memory-safe") {
            effect := mload(add(add(effects, 32), shl(5, i)))
        }
    }

    function _setEffect(int256[] memory effects, uint256 i, int256 effect) private pure {
        assembly ("memory-safe") {
            mstore(add(add(effects, 32), shl(5, i)), effect)
        }
    }
}
