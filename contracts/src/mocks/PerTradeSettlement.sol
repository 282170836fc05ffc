// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title What netting is compared with: every trade settled by itself, both signatures checked
/// @notice Not part of the platform. It does what a market without netting would do on chain for one trade: check both
///         signed orders, their limits, expiry and fill, move the money inside, tell it by an event.
contract PerTradeSettlement is EIP712 {
    /// @notice A signed order for one slot.
    struct Order {
        address maker;
        bool sells;
        uint32 slot;
        uint64 limitPrice;
        uint64 quantityWh;
        uint64 nonce;
        uint64 expiresAt;
    }

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address maker,bool sells,uint32 slot,uint64 limitPrice,uint64 quantityWh,uint64 nonce,uint64 expiresAt)"
    );

    /// @notice Money inside, token base units.
    mapping(address account => uint256) public balanceOf;
    /// @notice Energy of an order that was traded.
    mapping(bytes32 orderHash => uint256) public filled;

    /// @notice A trade was settled.
    event TradeSettled(address indexed buyer, address indexed seller, uint32 slot, uint64 quantityWh, uint64 price);

    /// @notice The signature is not the maker's.
    error SignatureInvalid(address maker);
    /// @notice The two orders do not meet in these terms.
    error TermsRefused();

    constructor() EIP712("PerTradeSettlement", "1") {}

    /// @notice Puts money inside, for measuring only.
    /// @param account who gets it
    /// @param amount token base units
    function fund(address account, uint256 amount) external {
        balanceOf[account] += amount;
    }

    /// @notice Settles one trade.
    /// @param buy the buyer's order
    /// @param sell the seller's order
    /// @param quantityWh energy traded
    /// @param price micro-currency per kWh
    /// @param buySignature over the buyer's order
    /// @param sellSignature over the seller's order
    function settle(
        Order calldata buy,
        Order calldata sell,
        uint64 quantityWh,
        uint64 price,
        bytes calldata buySignature,
        bytes calldata sellSignature
    ) external {
        if (buy.sells || !sell.sells || buy.slot != sell.slot) revert TermsRefused();
        if (price > buy.limitPrice || price < sell.limitPrice) revert TermsRefused();
        _take(buy, quantityWh, buySignature);
        _take(sell, quantityWh, sellSignature);
        uint256 amount = (uint256(quantityWh) * price) / 1000;
        balanceOf[buy.maker] -= amount;
        balanceOf[sell.maker] += amount;
        emit TradeSettled(buy.maker, sell.maker, buy.slot, quantityWh, price);
    }

    /// @dev Checks an order's signature and expiry and counts what is filled of it.
    function _take(Order calldata order, uint64 quantityWh, bytes calldata signature) private {
        if (block.timestamp > order.expiresAt) revert TermsRefused();
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPEHASH, order)));
        if (ECDSA.recoverCalldata(digest, signature) != order.maker) revert SignatureInvalid(order.maker);
        uint256 after_ = filled[digest] + quantityWh;
        if (after_ > order.quantityWh) revert TermsRefused();
        filled[digest] = after_;
    }
}
