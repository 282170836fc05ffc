// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEscrow} from "../../interfaces/IEscrow.sol";
import {Balances} from "./Balances.sol";

/// @title The bond, and what it owes
/// @notice Pays remedies and defaults at once. What it lacks then is a claim, paid first from the next top-up, oldest
///         first. Open cases reserve a part, which the operator can neither withdraw nor count as cover for new runs.
abstract contract Bond is Balances {
    using SafeCast for uint256;

    /// @dev Claims that a top-up serves along the way; the rest waits for {payBondClaims}.
    uint256 internal constant CLAIMS_PAID_ALONG = 8;

    /// @dev Sum of the claims, which no token backs yet, and the bounds of their queue.
    uint128 private _claimed;
    uint64 private _claimHead;
    uint64 private _claimTail;
    /// @dev Held for demands.
    uint96 internal _deposits;
    mapping(uint256 position => Due) private _claims;

    /// @notice An open case keeps `amount` more of the bond; `reserved` is kept for all of them.
    event BondReserved(uint256 amount, uint256 reserved);
    /// @notice A case no longer keeps `amount` of the bond; `reserved` is kept for others.
    event BondReleased(uint256 amount, uint256 reserved);
    /// @notice The bond lacked `amount` for the account; `outstanding` is claimed by all, and posting is closed until
    ///         that is paid.
    event BondClaimStored(address indexed account, uint256 amount, uint256 outstanding);
    /// @notice The bond paid `amount` of a stored claim (before any receivable is collected from it).
    event BondClaimPaid(address indexed account, uint256 amount, uint256 outstanding);

    /// @notice Claims of `outstanding` wait for the bond: they come before new runs and before withdrawals of it.
    error BondClaimsOpen(uint256 outstanding);
    /// @notice Less than that is reserved.
    error ReserveTooSmall(uint256 amount, uint256 reserved);

    /// @inheritdoc IEscrow
    function bond() external view returns (uint256) {
        return _bond;
    }

    /// @inheritdoc IEscrow
    function freeBond() external view returns (uint256) {
        return _bond > _reserved ? _bond - _reserved : 0;
    }

    /// @notice Part of the bond that open cases have reserved.
    /// @return token base units
    function reservedBond() external view returns (uint256) {
        return _reserved;
    }

    /// @notice What the bond owes and cannot pay yet.
    /// @return outstanding token base units
    /// @return waiting number of claims not yet fully paid
    function bondClaims() external view returns (uint256 outstanding, uint256 waiting) {
        return (_claimed, _claimTail - _claimHead);
    }

    /// @notice Deposits held for open demands.
    /// @return token base units
    function depositsHeld() external view returns (uint256) {
        return _deposits;
    }

    /// @notice Pays stored claims out of the bond, oldest first. Anyone may call it, paused or not.
    /// @param limit claims to serve at most
    function payBondClaims(uint256 limit) external nonReentrantView {
        _payBondClaims(limit);
    }

    /// @dev {payBondClaims}, along the way of something else.
    function _payBondClaims(uint256 limit) internal {
        (uint256 head, uint256 tail, uint256 left) = (_claimHead, _claimTail, _bond);
        uint256 outstanding = _claimed;
        for (; limit != 0 && head < tail && left != 0; --limit) {
            Due storage claim = _claims[head];
            (address account, uint256 amount) = (claim.account, claim.amount);
            uint256 part = _min(amount, left);
            left -= part;
            outstanding -= part;
            if (part == amount) {
                delete _claims[head];
                ++head;
            } else {
                claim.amount = uint96(amount - part);
            }
            emit BondClaimPaid(account, part, outstanding);
            _add(account, part);
        }
        (_bond, _claimsOpen) = (uint96(left), head != tail);
        (_claimHead, _claimed) = (uint64(head), uint128(outstanding));
    }

    /// @dev Pays from the bond what it carries and stores the rest. Claims that wait already come first.
    function _payFromBond(address account, uint256 amount) internal {
        uint256 left = _bond;
        uint256 part = _claimsOpen ? 0 : _min(amount, left);
        uint256 rest;
        unchecked {
            rest = amount - part;
            left -= part;
        }
        if (part != 0) {
            _bond = uint96(left);
            _add(account, part);
        }
        if (rest == 0) return;
        uint128 outstanding = _claimed + uint128(rest);
        _claimed = outstanding;
        _claims[_claimTail] = Due({account: account, amount: uint96(rest)});
        ++_claimTail;
        _claimsOpen = true;
        emit BondClaimStored(account, rest, outstanding);
    }

    /// @dev Claims come before whatever the caller is about to do.
    function _requireNoClaims() internal view {
        if (_claimsOpen) revert BondClaimsOpen(_claimed);
    }

    /// @dev A case must open even when the bond is empty: the reserve may exceed it, and nothing is free then.
    function _reserve(uint256 amount) internal {
        _reserved = (_reserved + amount).toUint96();
        emit BondReserved(amount, _reserved);
    }

    /// @dev Frees a part of the reserve.
    function _release(uint256 amount) internal {
        if (amount > _reserved) revert ReserveTooSmall(amount, _reserved);
        _reserved -= uint96(amount);
        emit BondReleased(amount, _reserved);
    }
}
