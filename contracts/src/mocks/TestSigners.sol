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

/// @title A contract that answers every question about signatures as it has been told to
/// @notice As a wallet (ERC-1271) and as a verifier (ERC-7913) alike.
contract HostileSigner {
    /// @notice What it does when it is asked.
    enum Manner {
        HONEST, // answers "valid"
        SHORT, // the right four bytes, no more
        WRONG_MAGIC,
        DIRTY_MAGIC, // the right four bytes and something behind them
        EMPTY,
        REVERT,
        BURN, // until no gas is left
        REENTER // tries to change something on the way
    }

    Manner public manner;
    uint256 public visits;

    /// @notice From now on it does that.
    function behave(Manner manner_) external {
        manner = manner_;
    }

    /// @notice Something to change on the way.
    function visit() external {
        ++visits;
    }

    fallback() external {
        Manner asked = manner;
        if (asked == Manner.REVERT) revert("no");
        if (asked == Manner.REENTER) this.visit();
        while (asked == Manner.BURN) {}
        bytes32 magic = bytes32(msg.sig);
        if (asked == Manner.WRONG_MAGIC) magic = ~magic;
        if (asked == Manner.DIRTY_MAGIC) magic |= bytes32(uint256(1));
        uint256 length = asked == Manner.EMPTY ? 0 : asked == Manner.SHORT ? 4 : 32;
        assembly ("memory-safe") {
            mstore(0, magic)
            return(0, length)
        }
    }
}
