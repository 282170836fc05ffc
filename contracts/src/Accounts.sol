// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccounts} from "../interfaces/IAccounts.sol";
import {Delegations} from "./accounts/Delegations.sol";
import {Succession} from "./accounts/Succession.sol";
import {SignedActions} from "./escrow/SignedActions.sol";

/// @title Accounts and who acts for them
/// @notice An account is a 20-byte id. For a wallet it is the wallet's address; for a key (a passkey, say) it is the
///         last 20 bytes of keccak256(signer), where signer = verifier address || key (ERC-7913). Balances belong to
///         the id, so they stay where they are whatever signer stands behind it. Passkeys are checked by OpenZeppelin's
///         ERC7913WebAuthnVerifier: challenge, type, presence and verification of the user, low s. Every act is a signed
///         message under this contract's own EIP-712 domain that anyone may relay.
/// @dev Nobody administers this contract. It holds no money and calls nothing but signers, by static calls.
contract Accounts is Succession, Delegations {
    /// @param delay seconds between asking for another signer and its taking effect
    constructor(uint64 delay) SignedActions(IAccounts(address(this))) Succession(delay) {}
}
