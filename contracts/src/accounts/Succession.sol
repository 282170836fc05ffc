// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignedActions} from "../escrow/SignedActions.sol";
import {Signers} from "./Signers.sol";

/// @title How one signer follows another
/// @notice A **change** is asked for by the present signer; a **recovery** by the recovery account that the present signer
///         has named: a second passkey, another wallet, or the community's key. Both wait for `signerDelay`, are announced
///         by event, can be cancelled by the present signer until they are executed, and are then executed by anyone. The
///         account's id, and with it its balance, stays.
///
///         What follows from that:
///         - *The key is lost.* The recovery account puts a new signer in its place after the delay.
///         - *The recovery account misbehaves.* The owner has the delay to cancel, and one more signature removes it: naming
///           another one ends what the old one has begun. It never blocks the owner: a change and a recovery wait beside
///           each other, and neither keeps the other from being asked for.
///         - *The key is stolen.* Owner and thief now sign alike, and no contract can tell them apart. A thief who changes
///           the signer is seen and can be cancelled during the delay. A recovery gives the account back unless the thief
///           watches and cancels; if the thief's change takes effect first, a recovery that waits still follows. Money cannot
///           leave before the escrow's own delay.
///         - *Whoever cancels prevails*, so that nobody loses an account while he watches it. The price is that a watchful
///           thief is not beaten by recovery alone.
///         - *A recovery ends a change that waits*: that one was signed by the key that is being replaced.
///         - *Nothing overlaps.* While a change waits no other can be asked for, and the same for recoveries; what waits can
///           only be executed or cancelled, so no delay is cut short.
///         - *A new signer shows that it can sign.* Its signature of the same message goes along, so that no account is
///           handed to a mistyped key, to a verifier of another kind, or to someone who has not agreed.
/// @dev A matured change waits for as long as nobody executes it, and can be cancelled for as long.
abstract contract Succession is Signers, SignedActions {
    /// @notice What waits to take effect. `readyAt` is 0 when nothing does.
    struct Waiting {
        bytes signer;
        uint64 readyAt;
    }

    /// @dev Bounds of the delay: one that a weekend hides is none, and one of months helps nobody who lost a key.
    uint256 private constant SHORTEST_DELAY = 1 days;
    uint256 private constant LONGEST_DELAY = 60 days;

    bytes32 private constant CHANGE_TYPEHASH =
        keccak256("SignerChange(address account,bytes newSigner,uint256 nonce,uint256 deadline)");
    bytes32 private constant CANCEL_TYPEHASH =
        keccak256("SignerChangeCancel(address account,uint256 nonce,uint256 deadline)");
    bytes32 private constant SETTING_TYPEHASH =
        keccak256("RecoverySetting(address account,bytes recovery,uint256 nonce,uint256 deadline)");
    bytes32 private constant RECOVERY_TYPEHASH =
        keccak256("Recovery(address account,bytes newSigner,uint256 nonce,uint256 deadline)");

    /// @notice Seconds between asking for another signer and its taking effect.
    uint64 public immutable signerDelay;

    /// @notice The account whose signer may recover an account; zero for none.
    mapping(address account => address) public recoveryOf;

    mapping(address account => Waiting) private _changes;
    mapping(address account => Waiting) private _recoveries;

    /// @notice The present signer asked that `newSigner` replace it; possible from `readyAt` on.
    event SignerChangeRequested(address indexed account, bytes newSigner, uint64 readyAt);
    /// @notice The recovery account asked that `newSigner` replace the present signer; possible from `readyAt` on.
    event RecoveryRequested(address indexed account, address indexed recovery, bytes newSigner, uint64 readyAt);
    /// @notice The change to `newSigner` will not take effect.
    event SignerChangeCancelled(address indexed account, bytes newSigner);
    /// @notice The recovery to `newSigner` will not take effect.
    event RecoveryCancelled(address indexed account, bytes newSigner);
    /// @notice The signer of `recovery` may recover `account` from now on; zero: nobody may.
    event RecoverySet(address indexed account, address indexed recovery);

    /// @notice The delay lies outside what is allowed.
    error SignerDelayOutOfRange(uint256 delay, uint256 shortest, uint256 longest);
    /// @notice That signer signs for the account already.
    error SignerUnchanged(address account);
    /// @notice The new signer has not signed the message itself.
    error NewSignerInvalid(address account, bytes32 digest);
    /// @notice Another one waits; execute or cancel it first.
    error AlreadyWaiting(address account, uint64 readyAt);
    /// @notice Nothing waits for this account.
    error NothingWaits(address account);
    /// @notice The delay has not passed.
    error SignerNotReady(uint64 readyAt, uint256 blockTime);
    /// @notice The account has named nobody to recover it.
    error NoRecovery(address account);
    /// @notice An account does not recover itself, and a setting that is in force needs no message.
    error RecoveryInvalid(address account, address recovery);

    constructor(uint64 delay) {
        if (delay < SHORTEST_DELAY || delay > LONGEST_DELAY) {
            revert SignerDelayOutOfRange(delay, SHORTEST_DELAY, LONGEST_DELAY);
        }
        signerDelay = delay;
    }

    /// @notice The change that waits for an account.
    /// @param account 20-byte account id
    function waitingChange(address account) external view returns (Waiting memory) {
        return _changes[account];
    }

    /// @notice The recovery that waits for an account.
    /// @param account 20-byte account id
    function waitingRecovery(address account) external view returns (Waiting memory) {
        return _recoveries[account];
    }

    /// @notice Asks for another signer. Signed by the present one, and by the new one; relayed by anyone.
    /// @dev Reverts if: the new signer is too short, has a verifier without code, is the present one or does not sign; a
    ///      change waits already; deadline, nonce or signature fail.
    /// @param account 20-byte account id
    /// @param newSigner a wallet's address, or verifier address || key
    /// @param nonce any unused nonce of the account
    /// @param deadline unix time
    /// @param signature over SignerChange(account, newSigner, nonce, deadline), by the present signer
    /// @param newSignature over the same, by the new signer
    function requestSignerChange(
        address account,
        bytes calldata newSigner,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature,
        bytes calldata newSignature
    ) external {
        bytes32 structHash = _structHash(CHANGE_TYPEHASH, account, newSigner, nonce, deadline);
        _authorize(account, structHash, nonce, deadline, signature);
        uint64 readyAt = _wait(_changes[account], account, newSigner, structHash, newSignature);
        emit SignerChangeRequested(account, newSigner, readyAt);
    }

    /// @notice Asks for another signer on behalf of an owner who has lost the present one. Signed by the recovery account's
    ///         signer and by the new one; relayed by anyone.
    /// @dev The nonce is one of the recovery account, so that it spends none of the owner's. Reverts if: no recovery account
    ///      is named; a recovery waits already; else as {requestSignerChange}.
    /// @param account 20-byte account id
    /// @param newSigner a wallet's address, or verifier address || key
    /// @param nonce any unused nonce of the recovery account
    /// @param deadline unix time
    /// @param signature over Recovery(account, newSigner, nonce, deadline), by the recovery account's signer
    /// @param newSignature over the same, by the new signer
    function requestRecovery(
        address account,
        bytes calldata newSigner,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature,
        bytes calldata newSignature
    ) external {
        address recovery = recoveryOf[account];
        if (recovery == address(0)) revert NoRecovery(account);
        bytes32 structHash = _structHash(RECOVERY_TYPEHASH, account, newSigner, nonce, deadline);
        _authorize(recovery, structHash, nonce, deadline, signature);
        uint64 readyAt = _wait(_recoveries[account], account, newSigner, structHash, newSignature);
        emit RecoveryRequested(account, recovery, newSigner, readyAt);
    }

    /// @notice Cancels what waits for an account, a change and a recovery alike. Signed by the present signer, relayed by
    ///         anyone.
    /// @dev Reverts if: nothing waits; deadline, nonce or signature fail.
    /// @param account 20-byte account id
    /// @param nonce any unused nonce of the account
    /// @param deadline unix time
    /// @param signature over SignerChangeCancel(account, nonce, deadline)
    function cancelSignerChange(address account, uint256 nonce, uint256 deadline, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(CANCEL_TYPEHASH, account, nonce, deadline));
        _authorize(account, structHash, nonce, deadline, signature);
        bool change = _cancelChange(account);
        bool recovery = _cancelRecovery(account);
        if (!change && !recovery) revert NothingWaits(account);
    }

    /// @notice Puts the change that waits into effect. Anyone may call it.
    /// @dev Reverts if: none waits; the delay has not passed; the new verifier's code is gone.
    /// @param account 20-byte account id
    function executeSignerChange(address account) external {
        _change(account, _matured(_changes[account], account));
        delete _changes[account];
    }

    /// @notice Puts the recovery that waits into effect, and cancels a change that waits. Anyone may call it.
    /// @dev Reverts as {executeSignerChange} does.
    /// @param account 20-byte account id
    function executeRecovery(address account) external {
        _change(account, _matured(_recoveries[account], account));
        delete _recoveries[account];
        _cancelChange(account);
    }

    /// @notice Names the account whose signer may recover this one, or nobody. Signed by the present signer, relayed by
    ///         anyone. In force at once: it gives nobody anything before the delay of a recovery. A recovery that waits is
    ///         cancelled. What is named is an account, so whoever changes its signer changes it for all that named it.
    /// @dev The named one need not sign: a community's key would have to be at hand for every member. Reverts if: it is the
    ///      account itself or is named already; it is neither empty nor a signer; it is a key that no longer signs for its
    ///      own account; deadline, nonce or signature fail.
    /// @param account 20-byte account id
    /// @param recovery empty for nobody; a wallet's address or account id; or verifier address || key, enrolled if need be
    /// @param nonce any unused nonce of the account
    /// @param deadline unix time
    /// @param signature over RecoverySetting(account, recovery, nonce, deadline)
    function setRecovery(
        address account,
        bytes calldata recovery,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _authorize(account, _structHash(SETTING_TYPEHASH, account, recovery, nonce, deadline), nonce, deadline, signature);
        address named;
        if (recovery.length != 0) {
            _requireUsable(recovery);
            named = _accountOf(recovery);
        }
        if (named == account || named == recoveryOf[account]) revert RecoveryInvalid(account, named);
        recoveryOf[account] = named;
        _cancelRecovery(account);
        emit RecoverySet(account, named);
    }

    /// @dev Checks the new signer and has it wait.
    function _wait(
        Waiting storage waiting,
        address account,
        bytes calldata newSigner,
        bytes32 structHash,
        bytes calldata newSignature
    ) private returns (uint64 readyAt) {
        if (waiting.readyAt != 0) revert AlreadyWaiting(account, waiting.readyAt);
        _requireUsable(newSigner);
        if (keccak256(newSigner) == keccak256(signerOf(account))) revert SignerUnchanged(account);
        bytes32 digest = _hashTypedDataV4(structHash);
        if (!_signs(newSigner, digest, newSignature)) revert NewSignerInvalid(account, digest);
        readyAt = uint64(block.timestamp) + signerDelay;
        waiting.signer = newSigner;
        waiting.readyAt = readyAt;
    }

    function _cancelChange(address account) private returns (bool waited) {
        waited = _changes[account].readyAt != 0;
        if (waited) {
            emit SignerChangeCancelled(account, _changes[account].signer);
            delete _changes[account];
        }
    }

    function _cancelRecovery(address account) private returns (bool waited) {
        waited = _recoveries[account].readyAt != 0;
        if (waited) {
            emit RecoveryCancelled(account, _recoveries[account].signer);
            delete _recoveries[account];
        }
    }

    /// @dev The signer whose time has come. A verifier's code is looked for again: it may be a delegated wallet's.
    function _matured(Waiting storage waiting, address account) private view returns (bytes memory signer) {
        uint64 readyAt = waiting.readyAt;
        if (readyAt == 0) revert NothingWaits(account);
        if (block.timestamp < readyAt) revert SignerNotReady(readyAt, block.timestamp);
        signer = waiting.signer;
        _requireUsable(signer);
    }

    /// @dev Three of the four messages have this shape; EIP-712 hashes a member of type bytes.
    function _structHash(bytes32 typeHash, address account, bytes calldata data, uint256 nonce, uint256 deadline)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(typeHash, account, keccak256(data), nonce, deadline));
    }
}
