// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IAccounts} from "../interfaces/IAccounts.sol";

/// @title Signers behind account ids
/// @notice An account is a 20-byte id. For a wallet it is the wallet's address; for a key (a passkey, say) it is the
///         last 20 bytes of keccak256(signer), where signer = verifier address || key (ERC-7913). Balances belong to
///         the id, so they stay where they are whatever signer stands behind it.
contract Accounts is IAccounts {
    mapping(address account => bytes) private _enrolled;

    /// @notice `signer` stands behind `account` from now on.
    event SignerEnrolled(address indexed account, bytes signer);

    /// @notice A wallet needs no enrolment and a key's signer is longer than an address.
    error SignerTooShort(uint256 length);
    /// @notice The first 20 bytes of the signer name no verifier contract.
    error VerifierHasNoCode(address verifier);
    /// @notice Another or the same signer is enrolled already.
    error AlreadyEnrolled(address account);

    /// @notice Makes a key's signer known. Anyone may call it: the id commits to the signer.
    /// @dev Reverts if: the signer is not longer than an address; its verifier has no code; it is enrolled already.
    ///      The code check is what keeps wallets safe: the bytes behind a wallet's address (public key, or the deployer
    ///      and nonce of a contract wallet) do not begin with the address of a contract.
    /// @param signer verifier address || key
    /// @return account the id
    function enrol(bytes calldata signer) external returns (address account) {
        if (signer.length <= 20) revert SignerTooShort(signer.length);
        address verifier = address(bytes20(signer));
        if (verifier.code.length == 0) revert VerifierHasNoCode(verifier);
        account = address(uint160(uint256(keccak256(signer))));
        if (_enrolled[account].length != 0) revert AlreadyEnrolled(account);
        _enrolled[account] = signer;
        emit SignerEnrolled(account, signer);
    }

    /// @inheritdoc IAccounts
    function signerOf(address account) public view returns (bytes memory) {
        bytes memory signer = _enrolled[account];
        return signer.length == 0 ? abi.encodePacked(account) : signer;
    }

    /// @inheritdoc IAccounts
    /// @dev A wallet with code may still have a key (EIP-7702): its own signature is tried first, then ERC-1271.
    function isValidSignature(address account, bytes32 digest, bytes calldata signature) external view returns (bool) {
        if (account == address(0)) return false;
        bytes memory signer = _enrolled[account];
        if (signer.length != 0) return SignatureChecker.isValidSignatureNow(signer, digest, signature);
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == account) return true;
        return account.code.length != 0
            && SignatureChecker.isValidERC1271SignatureNowCalldata(account, digest, signature);
    }
}
