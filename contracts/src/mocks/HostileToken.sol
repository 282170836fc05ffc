// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that misbehaves on request
/// @notice Takes a fee, refuses receivers, answers false, or calls back in the middle of a transfer.
contract HostileToken is ERC20 {
    uint256 public feePerTransfer;
    bool public answersFalse;
    address public refused;
    address public callbackTarget;
    bytes public callbackData;

    error ReceiverRefused(address to);

    constructor() ERC20("Hostile", "HOST") {}

    /// @notice Creates tokens.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Sets the manners of later transfers.
    function misbehave(uint256 fee, bool falseAnswer, address refusedReceiver) external {
        (feePerTransfer, answersFalse, refused) = (fee, falseAnswer, refusedReceiver);
    }

    /// @notice Makes later transfers call `target`.
    function callBack(address target, bytes calldata data) external {
        (callbackTarget, callbackData) = (target, data);
    }

    /// @inheritdoc ERC20
    function transfer(address to, uint256 amount) public override returns (bool) {
        if (to == refused) revert ReceiverRefused(to);
        return super.transfer(to, amount) && _afterwards(to);
    }

    /// @inheritdoc ERC20
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return super.transferFrom(from, to, amount) && _afterwards(to);
    }

    function _afterwards(address to) private returns (bool) {
        if (feePerTransfer != 0) _burn(to, feePerTransfer);
        if (callbackTarget != address(0)) {
            (bool ok, bytes memory answer) = callbackTarget.call(callbackData);
            if (!ok) {
                assembly {
                    revert(add(answer, 32), mload(answer))
                }
            }
        }
        return !answersFalse;
    }
}
