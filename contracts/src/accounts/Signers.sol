// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IAccounts} from "../../interfaces/IAccounts.sol";

/// @title Who signs for an account
/// @notice A signer is ERC-7913 bytes: 20 of them are a wallet's address; more are the address of a verifier contract and
///         the key that it checks. Until a change takes effect, a wallet signs for its own address, and an enrolled key for
///         the last 20 bytes of keccak256(signer).
abstract contract Signers is IAccounts {
    uint256 internal constant ADDRESS_LENGTH = 20;

    /// @dev Empty for a wallet that has never been replaced.
    mapping(address account => bytes) private _signers;

    /// @notice How often the signer of an account has been replaced.
    mapping(address account => uint256) public signerChanges;

    /// @notice `signer` stands behind `account` from now on.
    event SignerEnrolled(address indexed account, bytes signer);
    /// @notice `signer` signs for `account` from now on, and the signer before it no longer does.
    event SignerChanged(address indexed account, bytes signer, uint256 changes);

    /// @notice A wallet needs no enrolment, and nothing shorter than an address can sign.
    error SignerTooShort(uint256 length);
    /// @notice The first 20 bytes of the signer name no verifier contract.
    error VerifierHasNoCode(address verifier);
    /// @notice The zero address signs nothing.
    error SignerZero();
    /// @notice Another signer has taken that key's place on its own account; name the account by its id.
    error SignerReplaced(address account);
    /// @notice A signer of this account is known already.
    error AlreadyEnrolled(address account);

    /// @notice Makes a key's signer known. Anyone may call it: the id commits to the signer.
    /// @dev Reverts if: the signer is not longer than an address; its verifier has no code; the account is known already.
    ///      The code check is what keeps wallets safe: the bytes behind a wallet's address (public key, or the deployer
    ///      and nonce of a contract wallet) do not begin with the address of a contract.
    /// @param signer verifier address || key
    /// @return account the id
    function enrol(bytes calldata signer) external returns (address account) {
        account = _idOf(signer);
        if (_signers[account].length != 0) revert AlreadyEnrolled(account);
        _enrol(account, signer);
    }

    /// @inheritdoc IAccounts
    function signerOf(address account) public view returns (bytes memory) {
        bytes memory signer = _signers[account];
        return signer.length == 0 ? abi.encodePacked(account) : signer;
    }

    /// @inheritdoc IAccounts
    /// @dev A contract that is asked gets the gas that there is: it can burn no more than whoever relays for its owner
    ///      sends along. Its answer is never remembered.
    function isValidSignature(address account, bytes32 digest, bytes calldata signature) external view returns (bool) {
        if (account == address(0)) return false;
        bytes memory signer = _signers[account];
        return signer.length == 0 ? _walletSigns(account, digest, signature) : _signs(signer, digest, signature);
    }

    /// @dev Whether the signature is `signer`'s.
    function _signs(bytes memory signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signer.length == ADDRESS_LENGTH) return _walletSigns(address(bytes20(signer)), digest, signature);
        return SignatureChecker.isValidSignatureNow(signer, digest, signature);
    }

    /// @dev Whether `wallet` is the signer of the account: its own address, unless that was replaced, or the one after it.
    function _isWalletOf(address account, address wallet) internal view returns (bool) {
        bytes memory signer = _signers[account];
        if (signer.length == 0) return wallet == account;
        return signer.length == ADDRESS_LENGTH && address(bytes20(signer)) == wallet;
    }

    /// @dev Replaces the signer. Whether that is due is the caller's to check.
    function _change(address account, bytes memory signer) internal {
        _signers[account] = signer;
        uint256 changes = ++signerChanges[account];
        emit SignerChanged(account, signer, changes);
    }

    /// @dev The account that a signer stands for by itself. A key that is not known yet is enrolled along the way; one that
    ///      no longer signs for its own account is refused, because naming it would name whoever took its place.
    function _accountOf(bytes calldata signer) internal returns (address account) {
        if (signer.length == ADDRESS_LENGTH) return address(bytes20(signer));
        account = _idOf(signer);
        bytes memory known = _signers[account];
        if (known.length == 0) _enrol(account, signer);
        else if (keccak256(known) != keccak256(signer)) revert SignerReplaced(account);
    }

    /// @dev Reverts if nobody could ever sign as `signer`.
    function _requireUsable(bytes memory signer) internal view {
        if (signer.length < ADDRESS_LENGTH) revert SignerTooShort(signer.length);
        address head = address(bytes20(signer));
        if (head == address(0)) revert SignerZero();
        if (signer.length > ADDRESS_LENGTH && head.code.length == 0) revert VerifierHasNoCode(head);
    }

    function _enrol(address account, bytes calldata signer) private {
        _signers[account] = signer;
        emit SignerEnrolled(account, signer);
    }

    /// @dev The id of a key. Reverts if the signer is not a verifier with code and a key.
    function _idOf(bytes calldata signer) private view returns (address) {
        if (signer.length <= ADDRESS_LENGTH) revert SignerTooShort(signer.length);
        _requireUsable(signer);
        return address(uint160(uint256(keccak256(signer))));
    }

    /// @dev A wallet with code may still have a key (EIP-7702): its own signature is tried first, then ERC-1271.
    function _walletSigns(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == wallet) return true;
        return
            wallet.code.length != 0 && SignatureChecker.isValidERC1271SignatureNowCalldata(wallet, digest, signature);
    }
}
