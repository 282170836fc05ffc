// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";

/// @title An ERC-7913 verifier whose signature is keccak256(key || hash)
/// @notice Stands in for a key type in tests of the signer registry.
contract TestVerifier is IERC7913SignatureVerifier {
    /// @inheritdoc IERC7913SignatureVerifier
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature) external pure returns (bytes4) {
        bool valid = keccak256(abi.encodePacked(key, hash)) == bytes32(signature);
        return valid ? IERC7913SignatureVerifier.verify.selector : bytes4(0xffffffff);
    }
}

/// @title A contract wallet that accepts one signature
contract TestWallet is IERC1271 {
    bytes32 public immutable accepted;

    constructor(bytes memory signature) {
        accepted = keccak256(signature);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata signature) external view returns (bytes4) {
        return keccak256(signature) == accepted ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}
