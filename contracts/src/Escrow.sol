// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IAccounts} from "../interfaces/IAccounts.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Balances} from "./escrow/Balances.sol";
import {Mandates} from "./escrow/Mandates.sol";
import {Remedies} from "./escrow/Remedies.sol";
import {SignedActions} from "./escrow/SignedActions.sol";
import {Waterfall} from "./escrow/Waterfall.sol";
import {Withdrawals} from "./escrow/Withdrawals.sol";

/// @title Commonwatt's escrow
/// @notice Holds one token. Members deposit, sign mandates and withdraw; runs move balances inside; tokens move on
///         deposit and withdrawal only. No debit exceeds what its owner signed. Pausing stops new deposits and runs,
///         never a withdrawal. There is no proxy and no call to a contract that a caller chooses.
/// @dev Must hold after every call: token.balanceOf(this) >= totalLiabilities == sum of free and pending balances + bond
///      + deposits held + collection pool, with equality unless tokens were donated.
contract Escrow is Waterfall, AccessManaged {
    using SafeERC20 for IERC20;

    /// @dev All there is fits the signed 96 bits of a row and of a move.
    uint256 private constant MAX_LIABILITIES = (1 << 95) - 1;

    /// @notice The four system accounts, fixed for this deployment.
    struct SystemAccounts {
        address supplier;
        address fee;
        address dust;
        address balancing;
    }

    /// @notice The contracts that may move money inside: runs, proofs, demands and cases.
    struct Callers {
        address settlement;
        address recomputation;
        address disputes;
    }

    /// @notice The only token that is taken.
    IERC20 public immutable token;

    /// @inheritdoc IEscrow
    address public immutable settlement;

    /// @notice Everything the escrow owes to somebody, in token base units.
    uint256 public totalLiabilities;

    /// @notice `payer` put `amount` on the account (before any receivable is collected from it).
    event Deposited(address indexed account, address indexed payer, uint256 amount);
    /// @notice The bond grew by `amount`.
    event BondToppedUp(address indexed payer, uint256 amount, uint256 bond);
    /// @notice The bond shrank by `amount`.
    event BondWithdrawn(address indexed to, uint256 amount, uint256 bond);
    /// @notice New deposits and runs are stopped, or allowed again.
    event Paused(address indexed by);
    event Unpaused(address indexed by);

    /// @notice Only Settlement may apply runs.
    error NotSettlement(address caller);
    /// @notice Deposits and runs are paused.
    error EscrowPaused();
    /// @notice The escrow is not paused.
    error EscrowNotPaused();
    /// @notice The token moved another amount than asked (a fee, a rebase).
    error TransferInexact(uint256 asked, uint256 received);
    /// @notice A permit binds owner and amount but names no account, so it may only pay into the owner's own.
    error PermitForAnotherAccount(address account, address owner);
    /// @notice The account id is zero.
    error AccountInvalid();
    /// @notice More than the ledger can count.
    error LiabilitiesTooLarge(uint256 liabilities, uint256 max);
    /// @notice Runs that are not final and open cases require `required` of the bond.
    error BondInUse(uint256 remaining, uint256 required);

    modifier whenNotPaused() {
        if (_paused) revert EscrowPaused();
        _;
    }

    /// @param authority the AccessManager that knows guardian and admin
    /// @param token_ the only token that is taken
    /// @param accounts_ knows the signer behind an account
    /// @param callers addresses at which Settlement, Recomputation and Disputes will be deployed; their constructors
    ///        check the match
    /// @param system the four system accounts
    /// @param withdrawalDelay_ seconds between request and execution
    /// @param gateLead_ seconds before delivery at which the market closes
    constructor(
        address authority,
        IERC20 token_,
        IAccounts accounts_,
        Callers memory callers,
        SystemAccounts memory system,
        uint64 withdrawalDelay_,
        uint64 gateLead_
    )
        Balances(system.supplier, system.fee, system.dust, system.balancing)
        SignedActions(accounts_)
        Withdrawals(withdrawalDelay_)
        Mandates(gateLead_)
        Remedies(callers.recomputation, callers.disputes)
        AccessManaged(authority)
    {
        token = token_;
        settlement = callers.settlement;
    }

    /// @notice Whether new deposits and runs are stopped.
    /// @return paused the state
    function paused() external view returns (bool) {
        return _paused;
    }

    /// @notice Puts the caller's tokens on an account.
    /// @dev Reverts if: paused; amount or account is zero; the caller's allowance or balance is short; the token moves
    ///      another amount.
    /// @param account 20-byte account id that is credited
    /// @param amount token base units
    function deposit(address account, uint256 amount) external whenNotPaused nonReentrant {
        _deposit(account, msg.sender, amount);
    }

    /// @notice Puts `owner`'s tokens on an account by the owner's EIP-2612 permit, relayed by anyone.
    /// @dev Reverts as {deposit} does, and if: the permit fails; account is not the owner's own and the caller is not the
    ///      owner. Otherwise whoever sees a permit could pay it into an account of his.
    /// @param account 20-byte account id that is credited
    /// @param owner whose tokens
    /// @param amount token base units
    /// @param deadline of the permit
    /// @param v of the permit's signature
    /// @param r of the permit's signature
    /// @param s of the permit's signature
    function depositWithPermit(
        address account,
        address owner,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external whenNotPaused nonReentrant {
        if (account != owner && msg.sender != owner) revert PermitForAnotherAccount(account, owner);
        IERC20Permit(address(token)).permit(owner, address(this), amount, deadline, v, r, s);
        _deposit(account, owner, amount);
    }

    /// @notice Pays a matured withdrawal to the receiver named in it. Anyone may call it, paused or not.
    /// @dev Reverts if: no such open request; the delay has not passed; the token refuses the transfer.
    /// @param account 20-byte account id
    /// @param index number of the request
    function executeWithdrawal(address account, uint32 index) external nonReentrant {
        Request memory request = _closeReady(account, index);
        totalLiabilities -= request.amount;
        emit WithdrawalExecuted(account, index, request.to, request.amount);
        token.safeTransfer(request.to, request.amount);
    }

    /// @notice Adds the caller's tokens to the bond, which pays the oldest claims first.
    /// @dev Reverts as {deposit} does, except that it works while paused.
    /// @param amount token base units
    function topUpBond(uint256 amount) external nonReentrant {
        _pull(msg.sender, amount);
        _bond += uint96(amount);
        emit BondToppedUp(msg.sender, amount, _bond);
        _payBondClaims(CLAIMS_PAID_ALONG);
    }

    /// @notice Takes tokens out of the part of the bond that no open run requires and no case reserved. Admin only.
    /// @dev Reverts if: the caller lacks the role; claims wait; the rest would not carry the runs that are not final and
    ///      the open cases.
    /// @param to receiver
    /// @param amount token base units
    function withdrawBond(address to, uint256 amount) external restricted nonReentrant {
        if (to == address(0) || to == address(this)) revert ReceiverInvalid(to);
        _requireNoClaims();
        if (amount > _bond) revert InsufficientBalance(address(this), amount, _bond);
        uint256 remaining = _bond - amount;
        uint256 required = ISettlement(settlement).requiredBond() + _reserved;
        if (remaining < required) revert BondInUse(remaining, required);
        _bond = uint96(remaining);
        totalLiabilities -= amount;
        emit BondWithdrawn(to, amount, remaining);
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc IEscrow
    function applyRun(
        bytes32 runKey,
        uint16 sequence,
        uint32 day,
        uint8 zone,
        bytes32[] calldata rows,
        int256[] calldata previous
    ) external whenNotPaused nonReentrant {
        if (msg.sender != settlement) revert NotSettlement(msg.sender);
        _requireNoClaims();
        if (day > lastRunDay) lastRunDay = day;
        _applyRows(runKey, sequence, day, zone, rows, previous);
    }

    /// @notice Stops new deposits and runs. Guardian only.
    function pause() external restricted whenNotPaused nonReentrantView {
        _paused = true;
        emit Paused(msg.sender);
    }

    /// @notice Allows deposits and runs again. Guardian only.
    function unpause() external restricted nonReentrantView {
        if (!_paused) revert EscrowNotPaused();
        _paused = false;
        emit Unpaused(msg.sender);
    }

    function _deposit(address account, address payer, uint256 amount) private {
        if (account == address(0)) revert AccountInvalid();
        _pull(payer, amount);
        emit Deposited(account, payer, amount);
        _add(account, amount);
        _payOwed(OWED_PAID_ALONG);
    }

    /// @dev Takes tokens in and counts them; the balance must rise by exactly `amount`.
    function _pull(address payer, uint256 amount) private {
        if (amount == 0) revert ZeroAmount();
        uint256 liabilities = totalLiabilities + amount;
        if (liabilities > MAX_LIABILITIES) revert LiabilitiesTooLarge(liabilities, MAX_LIABILITIES);
        totalLiabilities = liabilities;
        uint256 held = token.balanceOf(address(this));
        token.safeTransferFrom(payer, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - held;
        if (received != amount) revert TransferInexact(amount, received);
    }
}
