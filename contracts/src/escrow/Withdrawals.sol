// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEscrow} from "../../interfaces/IEscrow.sol";
import {Balances} from "./Balances.sol";
import {SignedActions} from "./SignedActions.sol";

/// @title Requested withdrawals
/// @notice Request, wait, pull. A debit that the free balance cannot carry shrinks requests, newest first, so that
///         asking for money early never lets a debt escape.
abstract contract Withdrawals is Balances, SignedActions {
    using SafeCast for uint256;

    /// @notice One open request.
    struct Request {
        address to;
        uint96 amount;
        uint64 readyAt;
        uint32 index;
    }

    struct Pending {
        uint96 total;
        uint32 nextIndex;
        uint8 open;
    }

    /// @notice Open requests that an account may have at once; it bounds the work a debit can cost a run.
    uint256 public constant MAX_OPEN_REQUESTS = 4;

    bytes32 private constant WITHDRAWAL_TYPEHASH =
        keccak256("Withdrawal(address account,address to,uint256 amount,uint256 nonce,uint256 deadline)");
    bytes32 private constant WITHDRAWAL_CANCEL_TYPEHASH =
        keccak256("WithdrawalCancel(address account,uint32 index,uint256 nonce,uint256 deadline)");

    /// @inheritdoc IEscrow
    uint64 public immutable withdrawalDelay;

    mapping(address account => Pending) private _pending;
    /// @dev Oldest first, without gaps.
    mapping(address account => Request[MAX_OPEN_REQUESTS]) private _requests;

    /// @notice `amount` moved from free to pending; it can be pulled from `readyAt` on.
    event WithdrawalRequested(address indexed account, uint32 index, address to, uint256 amount, uint64 readyAt);
    /// @notice A debit took `amount` out of a request; `remaining` is still pending.
    event WithdrawalShrunk(address indexed account, uint32 index, uint256 amount, uint256 remaining);
    /// @notice The request's `amount` went back to the free balance.
    event WithdrawalCancelled(address indexed account, uint32 index, uint256 amount);
    /// @notice `amount` left the escrow to `to`.
    event WithdrawalExecuted(address indexed account, uint32 index, address to, uint256 amount);

    /// @notice A request or deposit of nothing.
    error ZeroAmount();
    /// @notice Money cannot be sent there (zero, or the escrow itself).
    error ReceiverInvalid(address to);
    /// @notice Execute or cancel one of the open requests first.
    error TooManyRequests(address account, uint256 open);
    /// @notice No open request has that index.
    error UnknownRequest(address account, uint32 index);
    /// @notice The delay has not passed.
    error WithdrawalNotReady(uint64 readyAt, uint256 blockTime);

    constructor(uint64 withdrawalDelay_) {
        withdrawalDelay = withdrawalDelay_;
    }

    /// @notice Sum of an account's open requests.
    /// @param account 20-byte account id
    /// @return token base units
    function pendingOf(address account) public view returns (uint256) {
        return _pending[account].total;
    }

    /// @notice An account's open requests, oldest first.
    /// @param account 20-byte account id
    /// @return open the requests
    function withdrawalsOf(address account) external view returns (Request[] memory open) {
        open = new Request[](_pending[account].open);
        for (uint256 i = 0; i < open.length; ++i) open[i] = _requests[account][i];
    }

    /// @notice Asks for `amount` to be paid to `to` after the delay. Signed by the account, relayed by anyone, possible
    ///         while paused.
    /// @dev Reverts if: amount is 0 or above the free balance; `to` is zero or the escrow; four requests are open;
    ///      deadline, nonce or signature fail.
    /// @param account 20-byte account id
    /// @param to receiver of the tokens
    /// @param amount token base units
    /// @param nonce any unused nonce of the account
    /// @param deadline unix time
    /// @param signature over Withdrawal(account, to, amount, nonce, deadline)
    /// @return index the request's number
    function requestWithdrawal(
        address account,
        address to,
        uint256 amount,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint32 index) {
        bytes32 structHash = keccak256(abi.encode(WITHDRAWAL_TYPEHASH, account, to, amount, nonce, deadline));
        _authorize(account, structHash, nonce, deadline, signature);
        if (amount == 0) revert ZeroAmount();
        if (to == address(0) || to == address(this)) revert ReceiverInvalid(to);
        uint256 free = balanceOf(account);
        if (amount > free) revert InsufficientBalance(account, amount, free);
        Pending storage pending = _pending[account];
        if (pending.open == MAX_OPEN_REQUESTS) revert TooManyRequests(account, pending.open);

        index = pending.nextIndex;
        uint64 readyAt = (block.timestamp + withdrawalDelay).toUint64();
        _requests[account][pending.open] =
            Request({to: to, amount: uint96(amount), readyAt: readyAt, index: index});
        _take(account, amount);
        pending.total += uint96(amount);
        pending.nextIndex = index + 1;
        pending.open += 1;
        emit WithdrawalRequested(account, index, to, amount, readyAt);
    }

    /// @notice Takes an open request back into the free balance (a receiver that the token refuses, a change of mind).
    /// @dev Reverts if: no such open request; deadline, nonce or signature fail.
    /// @param account 20-byte account id
    /// @param index the request's number
    /// @param nonce any unused nonce of the account
    /// @param deadline unix time
    /// @param signature over WithdrawalCancel(account, index, nonce, deadline)
    function cancelWithdrawal(
        address account,
        uint32 index,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(abi.encode(WITHDRAWAL_CANCEL_TYPEHASH, account, index, nonce, deadline));
        _authorize(account, structHash, nonce, deadline, signature);
        Request memory request = _close(account, index);
        emit WithdrawalCancelled(account, index, request.amount);
        _add(account, request.amount);
    }

    /// @dev Closes a matured request and returns it. Reverts if unknown or not ready.
    function _closeReady(address account, uint32 index) internal returns (Request memory request) {
        request = _close(account, index);
        if (block.timestamp < request.readyAt) revert WithdrawalNotReady(request.readyAt, block.timestamp);
    }

    /// @dev Takes up to `need` out of the account's requests, newest first, and returns what was found.
    function _shrinkRequests(address account, uint256 need) internal returns (uint256 taken) {
        Pending storage pending = _pending[account];
        uint8 open = pending.open;
        while (taken < need && open != 0) {
            Request storage request = _requests[account][open - 1];
            uint256 part = _min(need - taken, request.amount);
            uint96 remaining = request.amount - uint96(part);
            emit WithdrawalShrunk(account, request.index, part, remaining);
            taken += part;
            if (remaining == 0) {
                delete _requests[account][open - 1];
                --open;
            } else {
                request.amount = remaining;
            }
        }
        if (taken != 0) {
            pending.total -= uint96(taken);
            pending.open = open;
        }
    }

    /// @dev Removes a request, keeping the order of the others.
    function _close(address account, uint32 index) private returns (Request memory request) {
        Pending storage pending = _pending[account];
        uint256 open = pending.open;
        uint256 place;
        while (place < open && _requests[account][place].index != index) ++place;
        if (place == open) revert UnknownRequest(account, index);
        request = _requests[account][place];
        for (; place + 1 < open; ++place) _requests[account][place] = _requests[account][place + 1];
        delete _requests[account][open - 1];
        pending.total -= request.amount;
        pending.open = uint8(open - 1);
    }
}
