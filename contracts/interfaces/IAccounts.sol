// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who may sign for an account
interface IAccounts {
    /// @notice The ERC-7913 signer that stands behind an account.
    /// @param account 20-byte account id
    /// @return signer bytes; the account's own address while nothing else is enrolled
    function signerOf(address account) external view returns (bytes memory);

    /// @notice Whether `signature` over `digest` binds `account` now.
    /// @param account 20-byte account id
    /// @param digest EIP-712 digest
    /// @param signature in the signer's own format
    /// @return whether it is valid
    function isValidSignature(address account, bytes32 digest, bytes calldata signature) external view returns (bool);

    /// @notice Whether `delegate` may dispute for `account` now, by a transaction of its own. The wallet that signs for an
    ///         account may, without a delegation; one whose place another signer has taken may not, even if the account's
    ///         id is its address.
    /// @param account 20-byte account id
    /// @param delegate who asks
    /// @return whether it is the account's wallet, or a delegation stands
    function isDelegate(address account, address delegate) external view returns (bool);
}
