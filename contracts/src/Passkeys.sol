// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC7913WebAuthnVerifier} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913WebAuthnVerifier.sol";

/// @title A reason to compile OpenZeppelin's verifier of passkeys
/// @notice Deployments use ERC7913WebAuthnVerifier itself, unmodified. Brownie builds a library's contract only if one of
///         the project's own builds on it; this one does and is never deployed.
abstract contract Passkeys is ERC7913WebAuthnVerifier {}
