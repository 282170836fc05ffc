// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccounts} from "../../interfaces/IAccounts.sol";
import {SignedActions} from "../escrow/SignedActions.sol";

/// @title Who may dispute for an account
/// @notice The account itself, its delegate, or anyone who relays the account's signature. What an account has standing
///         for is decided by what is opened, not here.
abstract contract Standing is SignedActions {
    /// @notice For whom a dispute is brought. With a signature anyone may relay it; without one the caller is the account
    ///         or its delegate, and nonce and deadline are not looked at.
    struct Claim {
        address account;
        uint256 nonce; // any unused number
        uint256 deadline; // unix seconds
        bytes signature; // empty, or over the contract's own typed message
    }

    /// @notice The caller is neither the account nor its delegate, and brought no signature.
    error NoStanding(address caller, address account);

    /// @dev Requires that the claim binds its account to the message; spends the nonce of a signed one. Reverts as
    ///      {_authorize} does, or with {NoStanding}.
    /// @param claim for whom
    /// @param structHash EIP-712 struct hash of the message, its nonce and deadline being the claim's
    function _requireStanding(Claim calldata claim, bytes32 structHash) internal {
        address account = claim.account;
        if (claim.signature.length != 0) {
            _authorize(account, structHash, claim.nonce, claim.deadline, claim.signature);
        } else {
            _requireActing(account);
        }
    }

    /// @dev Requires that the caller may do without a signature.
    function _requireActing(address account) internal view {
        if (!_actsFor(account)) revert NoStanding(msg.sender, account);
    }

    /// @dev Whether the caller may do without a signature: the account's own address, or its delegate.
    function _actsFor(address account) internal view virtual returns (bool) {
        return msg.sender == account || accounts.isDelegate(account, msg.sender);
    }
}
