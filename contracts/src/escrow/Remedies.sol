// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../interfaces/IEscrow.sol";
import {Bond} from "./Bond.sol";

/// @title The ledger of remedies
/// @notice What proofs, rulings and defaults paid an account for one zone's day, in one place, so that nothing is paid
///         twice: not by two proofs, and not by a proof and the correction that follows from it, in either order.
///         Example: a proof shows that a day is 10 short, the bond pays 10. The correction raises the row by 12: the
///         first 10 return to the bond, the account gets 2. Had the correction shown nothing but 4 of the 10, the other
///         6 would count against what is proven about the corrected run.
abstract contract Remedies is Bond {
    /// @dev In one word, since the compiler reads and writes storage once per member of a struct: paid 96 bits | carried 96 |
    ///      sequence 16, from the bottom. `paid` is net of what corrections took back; `carried`, a part of it, was paid for
    ///      something other than proofs about `sequence`, and counts against them first.
    mapping(bytes32 runKey => mapping(address account => uint256)) private _remedies;

    /// @notice A proof or a ruling about `sequence`, or a default, gave the account `amount` of the bond (before any
    ///         receivable is collected from it); `paid` and `carried` stand in the ledger now.
    event RemedyPaid(
        bytes32 indexed runKey, address indexed account, uint16 sequence, uint256 amount, uint256 paid, uint256 carried
    );
    /// @notice A correction owed the account `amount` that the bond had paid: it returns there. `paid` is left.
    event RemedyNetted(bytes32 indexed runKey, address indexed account, uint256 amount, uint256 paid);
    /// @notice `amount` of the account's free balance is held for a demand.
    event ClaimDepositTaken(address indexed account, uint256 amount);
    /// @notice `amount` was given back (before any receivable is collected from it).
    event ClaimDepositReturned(address indexed account, uint256 amount);

    /// @notice Only the contracts of proofs and cases may have remedies paid.
    error NotDisputing(address caller);
    /// @notice Less than that is held in deposits.
    error DepositsTooSmall(uint256 amount, uint256 held);

    /// @inheritdoc IEscrow
    address public immutable recomputation;
    /// @inheritdoc IEscrow
    address public immutable disputes;

    modifier onlyDisputes() {
        _requireCaller(false);
        _;
    }

    modifier onlyDisputing() {
        _requireCaller(true);
        _;
    }

    constructor(address recomputation_, address disputes_) {
        (recomputation, disputes) = (recomputation_, disputes_);
    }

    /// @inheritdoc IEscrow
    function remedyOf(bytes32 runKey, address account) external view returns (uint256) {
        return uint96(_remedies[runKey][account]);
    }

    /// @inheritdoc IEscrow
    function payRemedy(bytes32 runKey, uint16 sequence, address account, uint256 due)
        external
        onlyDisputing
        returns (uint256 paid)
    {
        (uint256 before, uint256 carried, uint256 newest) = _remedyAt(runKey, sequence, account);
        uint256 covered = _min(carried, due);
        unchecked {
            paid = _min(due - covered, type(uint96).max - before);
            _pay(runKey, account, paid, before + paid, carried - covered, newest);
        }
    }

    /// @inheritdoc IEscrow
    function payDefault(bytes32 runKey, uint16 sequence, address account, uint256 sum)
        external
        onlyDisputing
        returns (uint256 paid)
    {
        (uint256 before, uint256 carried, uint256 newest) = _remedyAt(runKey, sequence, account);
        unchecked {
            if (sum > before) paid = _min(sum - before, type(uint96).max - before);
            _pay(runKey, account, paid, before + paid, carried + paid, newest);
        }
    }

    /// @inheritdoc IEscrow
    function reserveBond(uint256 amount) external onlyDisputes {
        _reserve(amount);
    }

    /// @inheritdoc IEscrow
    function releaseBond(uint256 amount) external onlyDisputes {
        _release(amount);
    }

    /// @inheritdoc IEscrow
    function takeDeposit(address account, uint256 amount) external onlyDisputes {
        uint256 free = balanceOf(account);
        if (amount > free) revert InsufficientBalance(account, amount, free);
        _take(account, amount);
        _deposits += uint96(amount);
        emit ClaimDepositTaken(account, amount);
    }

    /// @inheritdoc IEscrow
    function returnDeposit(address account, uint256 amount) external onlyDisputes {
        if (amount > _deposits) revert DepositsTooSmall(amount, _deposits);
        _deposits -= uint96(amount);
        emit ClaimDepositReturned(account, amount);
        _add(account, amount);
    }

    /// @dev The caller is Disputes, or where `either` is set Recomputation, and nothing here is in the middle of a
    ///      transfer.
    function _requireCaller(bool either) private view nonReentrantView {
        if (msg.sender != disputes && !(either && msg.sender == recomputation)) revert NotDisputing(msg.sender);
    }

    /// @dev What a correction owes an account and the bond has paid already goes back to the bond.
    /// @param effect what the correction gives the account
    /// @return back its part that belongs to the bond; the caller moves it
    function _net(bytes32 runKey, address account, uint256 effect) internal returns (uint256 back) {
        uint256 word = _remedies[runKey][account];
        if (uint96(word) == 0) return 0;
        (uint256 paid, uint256 carried, uint256 newest) = _unpacked(word);
        back = _min(effect, paid);
        unchecked {
            paid -= back;
        }
        _remedies[runKey][account] = _packed(paid, _min(carried, paid), newest);
        emit RemedyNetted(runKey, account, back, paid);
    }

    /// @dev The ledger's entry as it counts for `sequence`: all that was paid for earlier ones is carried.
    function _remedyAt(bytes32 runKey, uint256 sequence, address account)
        private
        view
        returns (uint256 paid, uint256 carried, uint256 newest)
    {
        (paid, carried, newest) = _unpacked(_remedies[runKey][account]);
        if (sequence > newest) (carried, newest) = (paid, sequence);
    }

    /// @dev Books and pays `amount`, cut by the caller to what the ledger can count: an absurd sum is never refused.
    function _pay(
        bytes32 runKey,
        address account,
        uint256 amount,
        uint256 paid,
        uint256 carried,
        uint256 sequence
    ) private {
        _remedies[runKey][account] = _packed(paid, carried, sequence);
        emit RemedyPaid(runKey, account, uint16(sequence), amount, paid, carried);
        if (amount != 0) _payFromBond(account, amount);
    }

    function _unpacked(uint256 word) private pure returns (uint256 paid, uint256 carried, uint256 sequence) {
        return (uint96(word), uint96(word >> 96), word >> 192);
    }

    function _packed(uint256 paid, uint256 carried, uint256 sequence) private pure returns (uint256) {
        return paid | (carried << 96) | (sequence << 192);
    }
}
