// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IEscrow} from "../../interfaces/IEscrow.sol";
import {AccountWord} from "./AccountWord.sol";

/// @title The internal ledger
/// @notice Every token unit that the escrow holds has an owner: an account (free, requested for withdrawal, or held as a
///         deposit of a demand), the bond, or the pool of collected receivables on its way to those it is owed to.
/// @dev Inflow is bounded so that the sum of everything fits 96 bits; internal moves conserve it, so no later credit
///      can overflow and no account can make a run revert.
abstract contract Balances is IEscrow, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /// @dev A reference to it is passed around, so that an account's place in storage is computed once.
    struct Account {
        AccountWord word;
    }

    /// @dev What waits to be paid to somebody: a cut credit, from collected receivables; a remedy, from the bond.
    struct Due {
        address account;
        uint96 amount;
    }

    /// @dev Queue entries that a run or a deposit pays along the way; the rest waits for {payOwed}.
    uint256 internal constant OWED_PAID_ALONG = 8;

    /// @inheritdoc IEscrow
    address public immutable supplier;
    /// @inheritdoc IEscrow
    address public immutable fee;
    /// @inheritdoc IEscrow
    address public immutable dust;
    /// @inheritdoc IEscrow
    address public immutable balancingAccount;

    mapping(address account => Account) internal _accounts;
    mapping(address account => uint256) private _receivables;
    mapping(address account => uint256) private _owed;
    mapping(uint256 position => Due) private _owedQueue;

    // Two words that every run reads.

    /// @dev What backs the operator's promises, and the part of it that open cases keep.
    uint96 internal _bond;
    uint96 internal _reserved;
    /// @notice The newest delivery day that a run has been applied for.
    uint32 public lastRunDay;
    bool internal _paused;
    /// @dev Claims wait for the bond.
    bool internal _claimsOpen;

    /// @dev Collected receivables not yet handed on, and the bounds of their queue.
    uint96 private _pool;
    uint64 private _owedHead;
    uint64 private _owedTail;

    /// @notice The account could not pay `amount` of what its cap allows; `total` is outstanding now.
    event ReceivableBooked(address indexed account, uint256 amount, uint256 total);
    /// @notice `amount` of a credit or deposit went to an outstanding receivable; `total` remains.
    event ReceivableCollected(address indexed account, uint256 amount, uint256 total);
    /// @notice A credit was cut by `amount`; it is owed and paid first from collected receivables.
    event OwedBooked(address indexed account, uint256 amount, uint256 total);
    /// @notice Collected receivables paid `amount` to an account it was owed to; `total` remains owed. The bond is named
    ///         by the escrow's own address.
    event OwedPaid(address indexed account, uint256 amount, uint256 total);

    /// @notice The four system accounts are different from one another and none is zero.
    error SystemAccountsNotDistinct();
    /// @notice The account's free balance is smaller.
    error InsufficientBalance(address account, uint256 requested, uint256 free);

    constructor(address supplier_, address fee_, address dust_, address balancing_) {
        if (
            supplier_ == address(0) || fee_ == address(0) || dust_ == address(0) || balancing_ == address(0)
                || supplier_ == fee_ || supplier_ == dust_ || supplier_ == balancing_ || fee_ == dust_
                || fee_ == balancing_ || dust_ == balancing_
        ) revert SystemAccountsNotDistinct();
        (supplier, fee, dust, balancingAccount) = (supplier_, fee_, dust_, balancing_);
    }

    /// @notice Unrequested balance of an account.
    /// @param account 20-byte account id
    /// @return token base units
    function balanceOf(address account) public view returns (uint256) {
        return _accounts[account].word.free();
    }

    /// @notice Within-cap debit that the account could not pay so far.
    /// @param account 20-byte account id
    /// @return token base units
    function receivableOf(address account) public view returns (uint256) {
        return _receivables[account];
    }

    /// @notice Credit that was cut and is paid first from collected receivables.
    /// @param account 20-byte account id
    /// @return token base units
    function owedTo(address account) public view returns (uint256) {
        return _owed[account];
    }

    /// @notice Collected receivables that wait in the queue of those they are owed to.
    /// @return amount token base units
    /// @return waiting number of queue entries not yet fully paid
    function collectionPool() external view returns (uint256 amount, uint256 waiting) {
        return (_pool, _owedTail - _owedHead);
    }

    /// @notice Hands collected receivables on, oldest claim first. Anyone may call it.
    /// @param limit queue entries to serve at most
    function payOwed(uint256 limit) external nonReentrantView {
        _payOwed(limit);
    }

    /// @dev {payOwed}, along the way of something else.
    function _payOwed(uint256 limit) internal {
        uint256 position = _owedHead;
        uint256 end = _owedTail;
        while (_pool != 0 && position < end && limit != 0) {
            Due storage entry = _owedQueue[position];
            uint256 paid = entry.amount < _pool ? entry.amount : _pool;
            _payOne(entry.account, paid);
            if (paid == entry.amount) {
                delete _owedQueue[position];
                ++position;
            } else {
                entry.amount -= uint96(paid);
            }
            --limit;
        }
        _owedHead = uint64(position);
        // Members come first; then whoever stepped in for them, in reverse order of the waterfall.
        if (position == end && _pool != 0) {
            _payOne(address(this), _min(_owed[address(this)], _pool));
            _payOne(balancingAccount, _min(_owed[balancingAccount], _pool));
            _payOne(fee, _min(_owed[fee], _pool));
            _payOne(supplier, _pool);
        }
    }

    /// @dev Moves `amount` from the pool to an account. What the supplier gets beyond anything booked is its own
    ///      advance coming home, so its remaining claim is not counted.
    function _payOne(address account, uint256 amount) private {
        if (amount == 0) return;
        _pool -= uint96(amount);
        uint256 total = _owed[account];
        total = total > amount ? total - amount : 0;
        _owed[account] = total;
        emit OwedPaid(account, amount, total);
        Account storage a = _accounts[account];
        if (account == supplier) a.word = a.word.plus(amount);
        else if (account == address(this)) _bond += uint96(amount);
        else _add(account, amount);
    }

    /// @dev Adds to the free balance after collecting an outstanding receivable into the pool.
    function _add(address account, uint256 amount) internal {
        Account storage a = _accounts[account];
        AccountWord word = a.word;
        a.word = word.hasReceivable() ? _collect(account, word, amount) : word.plus(amount);
    }

    /// @dev Takes the receivable's part of an inflow into the pool and returns the account's new word.
    function _collect(address account, AccountWord word, uint256 amount) private returns (AccountWord) {
        uint256 outstanding = _receivables[account];
        uint256 collected = _min(outstanding, amount);
        outstanding -= collected;
        _receivables[account] = outstanding;
        _pool += uint96(collected);
        emit ReceivableCollected(account, collected, outstanding);
        return word.withReceivable(outstanding != 0).plus(amount - collected);
    }

    /// @dev Takes from a free balance that carries it.
    function _take(address account, uint256 amount) internal {
        Account storage a = _accounts[account];
        AccountWord word = a.word;
        a.word = word.minus(amount);
    }

    /// @dev Adds to the pool a sum that no account is to receive directly.
    function _addToPool(uint256 amount) internal {
        _pool += uint96(amount);
    }

    /// @dev Books what a debtor could not pay.
    function _bookReceivable(address account, uint256 amount) internal {
        Account storage a = _accounts[account];
        a.word = a.word.withReceivable(true);
        uint256 total = _receivables[account] + amount;
        _receivables[account] = total;
        emit ReceivableBooked(account, amount, total);
    }

    /// @dev Books what a system account gave up for a shortfall; it is served after all members.
    function _bookOwed(address account, uint256 amount) internal {
        uint256 total = _owed[account] + amount;
        _owed[account] = total;
        emit OwedBooked(account, amount, total);
    }

    /// @dev Books what a member's credit was cut by, at the end of the queue.
    function _enqueueOwed(address account, uint256 amount) internal {
        _owedQueue[_owedTail] = Due({account: account, amount: amount.toUint96()});
        ++_owedTail;
        _bookOwed(account, amount);
    }

    function _min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
