// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccounts} from "../../interfaces/IAccounts.sol";
import {SignedActions} from "../escrow/SignedActions.sol";
import {Signers} from "./Signers.sol";

/// @title Who may dispute for an account
/// @notice A delegate (an energy adviser, a consumer association) may raise claims for an account without its signature.
///         It can move no money: what a claim brings goes to the account. A delegation has an end, can be revoked, and ends
///         with the signer that gave it, so that nothing which a thief granted survives a recovery.
abstract contract Delegations is Signers, SignedActions {
    bytes32 private constant DELEGATION_TYPEHASH =
        keccak256("Delegation(address account,address delegate,uint64 until,uint256 nonce,uint256 deadline)");

    /// @dev Keyed to the number of signer changes: a new signer begins with an empty book.
    mapping(address account => mapping(uint256 changes => mapping(address delegate => uint64))) private _until;

    /// @notice `delegate` may dispute for `account` before the unix time `until`; 0: no longer.
    event DelegationSet(address indexed account, address indexed delegate, uint64 until);

    /// @notice Nobody can be that delegate: the zero address, or the account itself.
    error DelegateInvalid(address delegate);
    /// @notice The delegation would be over already; 0 revokes one.
    error DelegationOver(uint64 until, uint256 blockTime);

    /// @notice Gives a delegation, moves its end, or revokes it. Signed by the account, relayed by anyone.
    /// @dev Reverts if: the delegate is zero or the account; `until` is past and not 0; deadline, nonce or signature fail.
    /// @param account 20-byte account id
    /// @param delegate who may dispute, by transactions of its own
    /// @param until unix time from which on it no longer may; 0 revokes
    /// @param nonce any unused nonce of the account
    /// @param deadline unix time
    /// @param signature over Delegation(account, delegate, until, nonce, deadline)
    function setDelegation(
        address account,
        address delegate,
        uint64 until,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(abi.encode(DELEGATION_TYPEHASH, account, delegate, until, nonce, deadline));
        _authorize(account, structHash, nonce, deadline, signature);
        if (delegate == address(0) || delegate == account) revert DelegateInvalid(delegate);
        if (until != 0 && until <= block.timestamp) revert DelegationOver(until, block.timestamp);
        _until[account][signerChanges[account]][delegate] = until;
        emit DelegationSet(account, delegate, until);
    }

    /// @notice When a delegation ends.
    /// @param account 20-byte account id
    /// @param delegate who may dispute
    /// @return unix time; 0 for none
    function delegatedUntil(address account, address delegate) public view returns (uint64) {
        return _until[account][signerChanges[account]][delegate];
    }

    /// @inheritdoc IAccounts
    function isDelegate(address account, address delegate) external view returns (bool) {
        return _isWalletOf(account, delegate) || block.timestamp < delegatedUntil(account, delegate);
    }
}
