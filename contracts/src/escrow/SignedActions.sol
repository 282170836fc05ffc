// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAccounts} from "../../interfaces/IAccounts.sol";

/// @title Messages that people sign and anyone may relay
/// @notice EIP-712 under the domain ("Commonwatt", "1", chain id, this contract). A nonce is any unused number, in no
///         order; what is spent is the nonce, never the signature's bytes.
abstract contract SignedActions is EIP712, ReentrancyGuardTransient {
    bytes32 private constant NONCE_CANCEL_TYPEHASH =
        keccak256("NonceCancel(address account,uint256 nonce,uint256 deadline)");

    /// @notice Knows the signer behind an account.
    IAccounts public immutable accounts;

    mapping(address account => mapping(uint256 word => uint256 bits)) private _nonces;

    /// @notice `nonce` of `account` is spent.
    event NonceUsed(address indexed account, uint256 nonce);
    /// @notice `nonce` of `account` was spent on nothing: a message that bears it can no longer be relayed.
    event NonceCancelled(address indexed account, uint256 nonce);

    /// @notice The message was to arrive by `deadline`.
    error SignatureExpired(uint256 deadline, uint256 blockTime);
    /// @notice The account has spent that nonce before.
    error NonceAlreadyUsed(address account, uint256 nonce);
    /// @notice The signature does not bind the account to this message on this chain and contract.
    error SignatureInvalid(address account, bytes32 digest);

    constructor(IAccounts accounts_) EIP712("Commonwatt", "1") {
        accounts = accounts_;
    }

    /// @notice Spends a nonce, so that a message which has not been relayed yet never will be. Signed by the account,
    ///         relayed by anyone.
    /// @dev Reverts if: deadline, nonce or signature fail.
    /// @param account 20-byte account id
    /// @param nonce the nonce of the message that is to be void
    /// @param deadline unix time
    /// @param signature over NonceCancel(account, nonce, deadline)
    function cancelNonce(address account, uint256 nonce, uint256 deadline, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(NONCE_CANCEL_TYPEHASH, account, nonce, deadline));
        _authorize(account, structHash, nonce, deadline, signature);
        emit NonceCancelled(account, nonce);
    }

    /// @notice Whether a nonce is spent.
    /// @param account 20-byte account id
    /// @param nonce any number
    /// @return whether it is spent
    function nonceUsed(address account, uint256 nonce) public view returns (bool) {
        return _nonces[account][nonce >> 8] & (1 << (nonce & 0xff)) != 0;
    }

    /// @dev Spends the nonce and checks deadline and signature. Reverts if any of the three fails, or in the middle of a
    ///      transfer: whoever signs calls nothing, so refusing to be re-entered is all the guard that is needed.
    function _authorize(
        address account,
        bytes32 structHash,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) internal nonReentrantView {
        if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);
        if (nonceUsed(account, nonce)) revert NonceAlreadyUsed(account, nonce);
        bytes32 digest = _hashTypedDataV4(structHash);
        if (!accounts.isValidSignature(account, digest, signature)) revert SignatureInvalid(account, digest);
        _nonces[account][nonce >> 8] |= 1 << (nonce & 0xff);
        emit NonceUsed(account, nonce);
    }
}
